locals {
  stage_name = "v1"

  # Built from the API's id and the stage's name, never read from the stage: it needs the functions,
  # whose roles and settings need these.
  websocket_api_id = module.websocket_api.api_id
  execute_api_host = "execute-api.${var.region}.amazonaws.com"
  connections_arn  = "arn:aws:execute-api:${var.region}:${var.account_id}:${local.websocket_api_id}/${local.stage_name}"
  push_endpoint = (
    var.execute_api_base == null
    ? "https://${local.websocket_api_id}.${local.execute_api_host}/${local.stage_name}"
    : "${var.execute_api_base}/${local.websocket_api_id}/${local.stage_name}"
  )
  websocket_url = replace(local.push_endpoint, "/^http/", "ws")

  # Every route with the function that takes it.
  routes = merge([
    for function, spec in local.functions : { for route in spec.routes : route => module.function[function] }
  ]...)
}

module "websocket_api" {
  source = "./modules/websocket-api"

  name               = "${local.prefix}-websocket"
  stage_name         = local.stage_name
  routes             = { for key, function in local.routes : key => function if !strcontains(key, "/") }
  authorizer         = one([for function, spec in local.functions : module.function[function] if try(spec.authorizes, []) != []])
  throttle           = var.throttle
  log_retention_days = var.log_retention_days
}
