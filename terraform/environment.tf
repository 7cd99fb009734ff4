module "environment" {
  source = "./modules/environment"

  environment = var.environment
  workspace   = terraform.workspace
}

locals {
  environment = module.environment.name
  prefix      = "parley-${local.environment}"
}
