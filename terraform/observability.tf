module "observability" {
  source = "./modules/observability"

  name        = local.prefix
  environment = local.environment
  account_id  = var.account_id
  region      = var.region

  functions = {
    for name, function in module.function : name => {
      function_name   = function.name
      timeout_seconds = local.functions[name].timeout
      log_group_name  = function.log_group_name
    }
  }

  tables             = { for name, table in module.table : name => table.name }
  websocket_api_id   = local.websocket_api_id
  http_api_id        = module.http_api.api_id
  alarm_email        = var.alarm_email
  monthly_budget_usd = var.monthly_budget_usd
}
