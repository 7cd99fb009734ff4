variable "name" {
  description = "The API's name."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "The function that serves each route key, as in `POST /v1/accounts`."
  type        = map(object({ name = string, invoke_arn = string }))
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.routes) : can(regex("^(GET|POST|PUT|PATCH|DELETE) /[^ ]*$", key))])
    error_message = "A route key is a method and a path, as in 'GET /ping'."
  }
}

variable "throttle" {
  description = "The most requests that each route takes, from all clients: `rate` a second, `burst` at once."
  type        = object({ rate = number, burst = number })
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the access log is kept, in days."
  type        = number
  nullable    = false
}
