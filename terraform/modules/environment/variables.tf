variable "environment" {
  description = "The environment that the variables describe."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "There is no environment '${var.environment}': it is dev, staging or prod."
  }
}

variable "workspace" {
  description = "The Terraform workspace, which holds the state."
  type        = string
  nullable    = false
}
