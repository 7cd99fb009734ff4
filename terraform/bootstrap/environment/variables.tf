variable "environment" {
  description = "The environment's name, a part of every name in it."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account of the environment, 12 digits."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The Region of the environment."
  type        = string
  nullable    = false
}

variable "state_bucket" {
  description = "The name of the bucket that holds the environment's state."
  type        = string
  nullable    = false
}

variable "mail_from" {
  description = "The one address that the environment may send mail from; null for none."
  type        = string
  default     = null
}

variable "trust" {
  description = "Who may deploy the environment: the trust policy of the role, as JSON."
  type        = string
  nullable    = false
}
