# Endpoints and credentials come from the standard AWS environment variables, so that the same
# configuration applies to an emulated AWS.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project            = "parley"
      parley-environment = var.environment
    }
  }
}
