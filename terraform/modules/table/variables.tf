variable "name" {
  description = "The table's name."
  type        = string
  nullable    = false
}

variable "hash_key" {
  description = "The partition key; its type is S, N or B."
  type        = object({ name = string, type = string })
  nullable    = false

  validation {
    condition     = contains(["S", "N", "B"], var.hash_key.type)
    error_message = "A key's type is S, N or B."
  }
}

variable "range_key" {
  description = "The sort key, or null."
  type        = object({ name = string, type = string })
  default     = null

  validation {
    condition     = var.range_key == null || try(contains(["S", "N", "B"], var.range_key.type), false)
    error_message = "A key's type is S, N or B."
  }
}

variable "indexes" {
  description = "Global secondary indexes, by name."
  type = map(object({
    hash_key   = object({ name = string, type = string })
    range_key  = optional(object({ name = string, type = string }))
    projection = optional(string, "ALL")
  }))
  nullable = false
  default  = {}
}

variable "ttl_attribute" {
  description = "The attribute whose time, in seconds since 1970, ends an item; null where none ends."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the table withstands a destroy."
  type        = bool
  nullable    = false
  default     = true
}
