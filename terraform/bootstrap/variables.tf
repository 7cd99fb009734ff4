variable "account_id" {
  description = "The AWS account to prepare, 12 digits. Any other is refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has 12 digits."
  }
}

variable "region" {
  description = "The Region of this account's environments. One for each account: the names of roles know no Region."
  type        = string
  nullable    = false
}

variable "repository" {
  description = "The GitHub repository that deploys, as the subject of its tokens names it: org/name, or org@ID/name@ID for one created, renamed or moved since 15 July 2026, or that opted in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9-]+/[A-Za-z0-9._-]+|[A-Za-z0-9-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$", var.repository))
    error_message = "'${var.repository}' is no repository: it is org/name, or org@ID/name@ID, without a wildcard."
  }
}

variable "environments" {
  description = "The environments that live in this account."
  type        = set(string)
  nullable    = false
  default     = ["dev"]

  validation {
    condition     = length(setsubtract(var.environments, ["dev", "staging", "prod"])) == 0
    error_message = "There is no environment '${join("', '", setsubtract(var.environments, ["dev", "staging", "prod"]))}': it is dev, staging or prod."
  }
}

variable "mail_from" {
  description = "The address that each environment may send mail from, as in { prod = \"parley@example.com\" }; the others send none. It is `mail.from` of the environment's own variables."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.mail_from), ["dev", "staging", "prod"])) == 0
    error_message = "There is no environment '${join("', '", setsubtract(keys(var.mail_from), ["dev", "staging", "prod"]))}': it is dev, staging or prod."
  }

  validation {
    condition     = alltrue([for address in values(var.mail_from) : can(regex("^[A-Za-z0-9._+-]+@[a-z0-9-]+([.][a-z0-9-]+)+$", address))])
    error_message = "mail_from holds addresses alone, as in parley@example.com: no name, no wildcard, the domain in small letters."
  }
}

variable "github_provider_exists" {
  description = "Whether something else in this account already made GitHub's identity provider, of which an account has one at most."
  type        = bool
  nullable    = false
  default     = false
}
