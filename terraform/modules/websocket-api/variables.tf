variable "name" {
  description = "The API's name."
  type        = string
  nullable    = false
}

variable "stage_name" {
  description = "The stage, which is the path of the socket's URL."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "The function that serves each route key, as in `$connect` or `sendMessage`."
  type        = map(object({ name = string, invoke_arn = string }))
  nullable    = false

  validation {
    condition     = alltrue([for key in ["$connect", "$disconnect", "$default"] : contains(keys(var.routes), key)])
    error_message = "The routes need $connect, $disconnect and $default."
  }
}

variable "authorizer" {
  description = "The function that says who a handshake is."
  type        = object({ name = string, invoke_arn = string })
  nullable    = false
}

variable "throttle" {
  description = "The most frames that each route takes, over all sockets: `rate` a second, `burst` at once."
  type        = object({ rate = number, burst = number })
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the access log is kept, in days."
  type        = number
  nullable    = false
}
