variable "environment" {
  description = "dev, staging or prod: the workspace, and a part of every name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account of this environment, 12 digits. Any other is refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has 12 digits."
  }
}

variable "region" {
  description = "The Region of everything but CloudFront."
  type        = string
  nullable    = false
}

variable "lambda_dir" {
  description = "The folder of the functions' zips, as `make build` leaves them."
  type        = string
  nullable    = false
  default     = "../target/lambda"
}

variable "site_dir" {
  description = "The folder of the built client, as `scripts/site` stages it."
  type        = string
  nullable    = false
  default     = "../target/site"
}

variable "domain" {
  description = "A domain of the team's own for the site, with the ARN of its certificate in us-east-1; null for the one that CloudFront gives."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "protected" {
  description = "Whether the tables withstand a destroy, and removed keys wait for 30 days instead of 7."
  type        = bool
  nullable    = false
  default     = true
}

variable "table_generation" {
  description = "What the names of `restored_tables` end in, as `make restore` says, or \"\" to go back to the first ones."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^(-[a-z0-9]+)?$", var.table_generation))
    error_message = "A generation of tables is a hyphen with letters and digits after it, as in -r20261123050000, or empty."
  }

  validation {
    condition     = var.table_generation == "" || length(var.restored_tables) > 0
    error_message = "table_generation is for restored_tables, and there are none."
  }
}

variable "restored_tables" {
  description = "The tables that were restored, as `make restore` says: a deploy takes over those that have their names. Empty where nothing was ever restored: Terraform makes all tables."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = length(setsubtract(var.restored_tables, keys(local.tables))) == 0
    error_message = "restored_tables names a table that is not in tables.tf.json."
  }
}

variable "allow_url_token" {
  description = "Whether an access token may come in the socket's URL, as in `wscat -c \"$URL?token=$JWT\"`. A URL ends up in logs: for dev only. Single-use tickets are always accepted."
  type        = bool
  nullable    = false
  default     = false
}

variable "signing_keys" {
  description = "The keys of access tokens, by names of your own: all in `published` verify, `active` signs. docs/operations.md says how to rotate them."
  type = object({
    active    = string
    published = set(string)
  })
  nullable = false
  default = {
    active    = "first"
    published = ["first"]
  }

  validation {
    condition     = contains(var.signing_keys.published, var.signing_keys.active)
    error_message = "The active signing key has to be among the published ones, or nobody could verify what it signs."
  }
}

variable "throttle" {
  description = "The most that each route of the two APIs takes, over all clients: `rate` a second, `burst` at once."
  type        = object({ rate = number, burst = number })
  nullable    = false
  default     = { rate = 500, burst = 1000 }
}

variable "reserved_concurrency" {
  description = "Instances of a function kept for it alone, by function, as in { accounts = 20 }. New accounts have 10 in all and can reserve none."
  type        = map(number)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.reserved_concurrency) : contains(keys(local.functions), name)])
    error_message = "reserved_concurrency names a function that is not in functions.tf.json."
  }
}

variable "settings" {
  description = "Settings of the functions that differ from their defaults, as in { HANDOVER_AFTER_MS = \"3600000\" }; README.md lists them."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : contains(flatten(values(local.functions)[*].env), name)])
    error_message = "settings has a name that no function reads."
  }
}

variable "log_level" {
  description = "The least level that the functions log: INFO or DEBUG."
  type        = string
  nullable    = false
  default     = "INFO"
}

variable "log_retention_days" {
  description = "How long logs are kept, in days: one of the lengths that CloudWatch offers."
  type        = number
  nullable    = false
  default     = 30
}

variable "alarm_email" {
  description = "Who hears of alarms and of the budget, after confirming one mail from AWS. Empty: there are no alarms, since AWS bills them, about USD 4 a month."
  type        = string
  nullable    = false
  default     = ""
}

variable "monthly_budget_usd" {
  description = "The sum, in USD a month, at which the budget alarms; 0 for no budget. It needs alarm_email."
  type        = number
  nullable    = false
  default     = 0
}

variable "execute_api_base" {
  description = "Where an emulated AWS serves both APIs, as in http://127.0.0.1:4566/_aws/execute-api; null on AWS."
  type        = string
  default     = null
}
