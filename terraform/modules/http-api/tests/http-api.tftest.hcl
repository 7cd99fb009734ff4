mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name               = "parley-dev-http"
  throttle           = { rate = 100, burst = 200 }
  log_retention_days = 30

  routes = {
    "GET /ping"                   = { name = "parley-dev-ping", invoke_arn = "arn:aws:lambda:ping" }
    "GET /.well-known/jwks.json"  = { name = "parley-dev-accounts", invoke_arn = "arn:aws:lambda:accounts" }
    "DELETE /v1/sessions/current" = { name = "parley-dev-accounts", invoke_arn = "arn:aws:lambda:accounts" }
    "DELETE /v1/sessions/{id}"    = { name = "parley-dev-accounts", invoke_arn = "arn:aws:lambda:accounts" }
  }
}

run "each_route_may_call_its_own_function" {
  command = plan

  assert {
    condition = jsonencode({ for permission in aws_lambda_permission.route : permission.source_arn => permission.function_name }) == jsonencode({
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/GET/ping"                   = "parley-dev-ping"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/GET/.well-known/jwks.json"  = "parley-dev-accounts"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/DELETE/v1/sessions/current" = "parley-dev-accounts"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/DELETE/v1/sessions/*"       = "parley-dev-accounts"
    })
    error_message = "A route may not call its function, or may call another."
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.route : can(regex("^[A-Za-z0-9_-]+$", permission.statement_id))])
    error_message = "A permission's id has signs that Lambda refuses."
  }

  assert {
    condition     = alltrue([for integration in aws_apigatewayv2_integration.this : integration.payload_format_version == "2.0"])
    error_message = "The functions read events of version 2.0 only."
  }
}

run "the_stage_deploys_itself_and_is_throttled" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_stage.this.auto_deploy && aws_apigatewayv2_stage.this.name == "$default"
    error_message = "Changes would not be served."
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings[*].throttling_rate_limit) == 100 && one(aws_apigatewayv2_stage.this.default_route_settings[*].throttling_burst_limit) == 200
    error_message = "The routes are not throttled as asked."
  }
}

run "a_route_without_a_method_is_refused" {
  command = plan

  variables {
    routes = { "/ping" = { name = "parley-dev-ping", invoke_arn = "arn:aws:lambda:ping" } }
  }

  expect_failures = [var.routes]
}
