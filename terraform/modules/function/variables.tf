variable "name" {
  description = "The function's name, and its role's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]{1,64}$", var.name))
    error_message = "'${var.name}' has to be 1 to 64 of a-z, 0-9 and '-': a role's name is no longer."
  }
}

variable "description" {
  description = "What the function is for."
  type        = string
  nullable    = false
}

variable "artifact" {
  description = "The path of the zip with the program `bootstrap`."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.artifact)
    error_message = "There is no ${var.artifact}: run 'make build' first."
  }
}

variable "memory" {
  description = "Memory in MB; the share of a processor grows with it."
  type        = number
  nullable    = false
}

variable "timeout" {
  description = "The longest that one invocation may take, in seconds."
  type        = number
  nullable    = false
}

variable "environment" {
  description = "The function's settings. No secrets: whoever may describe the function reads them."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "statements" {
  description = "The calls that the function makes: IAM actions on ARNs, where a condition asks for it, as in { StringEquals = { \"ses:FromAddress\" = \"parley@example.com\" } }, only then. Nothing else is allowed to it, but its own logs and traces."
  type = list(object({
    actions    = list(string)
    resources  = list(string)
    conditions = optional(map(map(string)), {})
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))]]))
    error_message = "An action is a service and a name, as in dynamodb:PutItem, without wildcards."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for resource in statement.resources : startswith(resource, "arn:")]]))
    error_message = "A resource is an ARN; '*' alone is none."
  }
}

variable "role_path" {
  description = "The path of the role, by which those who may make roles are limited."
  type        = string
  nullable    = false
  default     = "/"
}

variable "permissions_boundary" {
  description = "The ARN of the policy that bounds the role, or null."
  type        = string
  default     = null
}

variable "reserved_concurrency" {
  description = "Instances kept for this function alone, which are also the most that it gets; -1 shares the account's."
  type        = number
  nullable    = false
  default     = -1
}

# Lambda takes a line without a time for INFO, and the runtime's lines have none: WARN would drop
# the errors too. TRACE would log messages.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
variable "log_level" {
  description = "The least level that is logged: INFO or DEBUG."
  type        = string
  nullable    = false
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "The log level is INFO or DEBUG."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept, in days: one of the lengths that CloudWatch offers."
  type        = number
  nullable    = false
}
