mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name               = "parley-dev-websocket"
  stage_name         = "v1"
  throttle           = { rate = 100, burst = 200 }
  log_retention_days = 30
  authorizer         = { name = "parley-dev-authorizer", invoke_arn = "arn:aws:lambda:authorizer" }

  routes = {
    "$connect"    = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
    "$disconnect" = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
    "hello"       = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
    "$default"    = { name = "parley-dev-default-message", invoke_arn = "arn:aws:lambda:default-message" }
  }
}

run "every_message_route_answers" {
  command = plan

  assert {
    condition = jsonencode({
      for key, route in aws_apigatewayv2_route.this : key => route.route_response_selection_expression
      }) == jsonencode({
      "$connect"    = null
      "$disconnect" = null
      "hello"       = "$default"
      "$default"    = "$default"
    })
    error_message = "A message route without a selection expression keeps its reply to itself."
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route_response.this)) == toset(["hello", "$default"])
    error_message = "A message route without a route response keeps its reply to itself."
  }

  assert {
    condition     = alltrue([for response in aws_apigatewayv2_route_response.this : response.route_response_key == "$default"])
    error_message = "The platform knows no other route response."
  }
}

run "the_door_alone_is_authorized_by_the_token" {
  command = plan

  assert {
    condition     = jsonencode({ for key, route in aws_apigatewayv2_route.this : key => route.authorization_type }) == jsonencode({ "$connect" = "CUSTOM", "$disconnect" = "NONE", "hello" = "NONE", "$default" = "NONE" })
    error_message = "Who may connect is not asked at $connect, or is asked elsewhere too."
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this.identity_sources == toset(["route.request.querystring.token"])
    error_message = "A handshake without a token costs an invocation."
  }
}

run "each_route_may_call_its_own_function" {
  command = plan

  assert {
    condition = jsonencode({ for key, permission in aws_lambda_permission.route : permission.source_arn => permission.function_name }) == jsonencode({
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/$connect"    = "parley-dev-connection-manager"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/$disconnect" = "parley-dev-connection-manager"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/hello"       = "parley-dev-connection-manager"
      "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/$default"    = "parley-dev-default-message"
    })
    error_message = "A route may not call its function, or may call another."
  }

  assert {
    condition     = startswith(aws_lambda_permission.authorizer.source_arn, "arn:aws:execute-api:us-east-1:123456789012:mockapi/authorizers/")
    error_message = "The authorizer may be called by something else than this API."
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_integration.this)) == toset(["parley-dev-connection-manager", "parley-dev-default-message"])
    error_message = "There is not one integration for each function."
  }
}

run "the_stage_is_throttled_and_logs_neither_queries_nor_messages" {
  command = plan

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings[*].throttling_rate_limit) == 100 && one(aws_apigatewayv2_stage.this.default_route_settings[*].throttling_burst_limit) == 200
    error_message = "The routes are not throttled as asked."
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings[*].data_trace_enabled) == false && one(aws_apigatewayv2_stage.this.default_route_settings[*].logging_level) == "OFF"
    error_message = "The platform would log what people write."
  }

  assert {
    condition     = !strcontains(lower(one(aws_apigatewayv2_stage.this.access_log_settings[*].format)), "querystring") && !strcontains(one(aws_apigatewayv2_stage.this.access_log_settings[*].format), "context.path")
    error_message = "The access log would hold tickets."
  }
}

run "a_new_route" {
  command = plan

  variables {
    routes = {
      "$connect"    = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
      "$disconnect" = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
      "hello"       = { name = "parley-dev-connection-manager", invoke_arn = "arn:aws:lambda:connection-manager" }
      "$default"    = { name = "parley-dev-default-message", invoke_arn = "arn:aws:lambda:default-message" }
      "joinRoom"    = { name = "parley-dev-rooms", invoke_arn = "arn:aws:lambda:rooms" }
    }
  }

  assert {
    condition     = output.configuration_hash != run.every_message_route_answers.configuration_hash
    error_message = "A new route is not deployed."
  }
}

run "another_authorizer" {
  command = plan

  variables {
    authorizer = { name = "parley-dev-other", invoke_arn = "arn:aws:lambda:other" }
  }

  assert {
    condition     = output.configuration_hash != run.every_message_route_answers.configuration_hash
    error_message = "Another authorizer is not deployed."
  }
}

run "the_same_again" {
  command = plan

  assert {
    condition     = output.configuration_hash == run.every_message_route_answers.configuration_hash
    error_message = "The same routes are deployed again."
  }
}

run "an_api_without_a_default_route_is_refused" {
  command = plan

  variables {
    routes = {
      "$connect"    = { name = "a", invoke_arn = "arn:a" }
      "$disconnect" = { name = "a", invoke_arn = "arn:a" }
    }
  }

  expect_failures = [var.routes]
}
