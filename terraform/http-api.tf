locals {
  http_api_host = "${module.http_api.api_id}.${local.execute_api_host}"
  http_url = (
    var.execute_api_base == null
    ? "https://${local.http_api_host}"
    : "${var.execute_api_base}/${module.http_api.api_id}"
  )
}

module "http_api" {
  source = "./modules/http-api"

  name               = "${local.prefix}-http"
  routes             = { for key, function in local.routes : key => function if strcontains(key, "/") }
  throttle           = var.throttle
  log_retention_days = var.log_retention_days
}
