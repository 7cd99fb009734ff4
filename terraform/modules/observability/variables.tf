variable "name" {
  description = "The environment's prefix of names, as in parley-dev: of the topic, the alarms, the dashboard and the budget."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "dev, staging or prod: the commands in the alarms' texts and the namespace of our own metrics carry it."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account, 12 digits: only its alarms and budgets may write to the topic."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The Region of all that is watched."
  type        = string
  nullable    = false
}

variable "functions" {
  description = "What runs, by short name: the function's name on AWS, the longest that it may take in seconds, and the group that it logs to."
  type = map(object({
    function_name   = string
    timeout_seconds = number
    log_group_name  = string
  }))
  nullable = false
}

variable "tables" {
  description = "The tables' names on AWS, by short name."
  type        = map(string)
  nullable    = false
}

variable "websocket_api_id" {
  description = "The API of the sockets."
  type        = string
  nullable    = false
}

variable "http_api_id" {
  description = "The HTTP API."
  type        = string
  nullable    = false
}

variable "alarm_email" {
  description = "Who hears of alarms and of the budget, after confirming one mail from AWS. Empty for nobody: then there are no alarms, since AWS bills them (about USD 4 a month for seven functions and six tables), only the dashboard."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^([^@\\s]+@[^@\\s]+)?$", var.alarm_email))
    error_message = "alarm_email '${var.alarm_email}' is no address, as in on-call@example.com."
  }
}

variable "monthly_budget_usd" {
  description = "The sum, in USD a month and over the whole account, that the budget watches; 0 for no budget."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "monthly_budget_usd is a sum of money, or 0 for no budget."
  }

  validation {
    condition     = var.monthly_budget_usd == 0 || var.alarm_email != ""
    error_message = "monthly_budget_usd needs alarm_email: somebody has to hear of it."
  }
}
