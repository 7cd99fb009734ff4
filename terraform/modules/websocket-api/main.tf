locals {
  # A reply is the return value of a route's function, where the route has a response. The platform
  # offers none for these two.
  message_routes = setsubtract(keys(var.routes), ["$connect", "$disconnect"])

  # By function, not by route: routes of one function share its integration.
  functions = { for function in values(var.routes) : function.name => function.invoke_arn... }

  # What is deployed, by what was asked for: whole resources have attributes that only the first
  # apply learns, and would deploy a second time after it.
  configuration = {
    routes      = { for key, function in var.routes : key => function.name }
    integration = local.integration
    authorizer  = { function = var.authorizer.name, identity_source = local.identity_source }
    selection   = local.route_selection
    response    = local.response_selection
  }

  integration        = { type = "AWS_PROXY", method = "POST" }
  identity_source    = "route.request.querystring.token"
  route_selection    = "$request.body.action"
  response_selection = "$default"
}

resource "aws_apigatewayv2_api" "this" {
  name                       = var.name
  description                = "The sockets of ${var.name}."
  protocol_type              = "WEBSOCKET"
  route_selection_expression = local.route_selection
}

resource "aws_apigatewayv2_authorizer" "this" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "identity"
  authorizer_type  = "REQUEST"
  authorizer_uri   = var.authorizer.invoke_arn
  identity_sources = [local.identity_source]

  lifecycle {
    # An emulated AWS answers with these two, which sockets do not have; AWS itself never sets them.
    ignore_changes = [authorizer_payload_format_version, jwt_configuration]
  }
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.functions

  api_id             = aws_apigatewayv2_api.this.id
  description        = each.key
  integration_type   = local.integration.type
  integration_method = local.integration.method
  integration_uri    = each.value[0]

  lifecycle {
    # A route points at the old one until it points at the new.
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:A socket is authorized once, at $connect; other routes of a socket take no authorizer.
  for_each = var.routes

  api_id                              = aws_apigatewayv2_api.this.id
  route_key                           = each.key
  target                              = "integrations/${aws_apigatewayv2_integration.this[each.value.name].id}"
  authorization_type                  = each.key == "$connect" ? "CUSTOM" : "NONE"
  authorizer_id                       = each.key == "$connect" ? aws_apigatewayv2_authorizer.this.id : null
  route_response_selection_expression = contains(local.message_routes, each.key) ? local.response_selection : null
}

resource "aws_apigatewayv2_route_response" "this" {
  for_each = local.message_routes

  api_id             = aws_apigatewayv2_api.this.id
  route_id           = aws_apigatewayv2_route.this[each.key].id
  route_response_key = "$default"
}

# `auto_deploy` is for HTTP APIs only.
resource "aws_apigatewayv2_deployment" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  description = "Routes of ${var.name}."
  triggers    = { configuration = sha256(jsonencode(local.configuration)) }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_apigatewayv2_route.this, aws_apigatewayv2_route_response.this]
}

resource "aws_apigatewayv2_stage" "this" {
  #checkov:skip=CKV2_AWS_51:Clients are browsers; who they are is said by a ticket, not by a certificate.
  api_id        = aws_apigatewayv2_api.this.id
  name          = var.stage_name
  description   = "The one stage of ${var.name}."
  deployment_id = aws_apigatewayv2_deployment.this.id

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # Never the query: it carries the ticket.
    format = jsonencode({
      requestId          = "$context.requestId"
      time               = "$context.requestTimeEpoch"
      event              = "$context.eventType"
      route              = "$context.routeKey"
      status             = "$context.status"
      connectionId       = "$context.connectionId"
      userId             = "$context.authorizer.principalId"
      ip                 = "$context.identity.sourceIp"
      error              = "$context.error.message"
      authorizerError    = "$context.authorizer.error"
      integrationError   = "$context.integrationErrorMessage"
      integrationLatency = "$context.integrationLatency"
    })
  }

  default_route_settings {
    # Of each route. The platform's execution log would hold messages at INFO and goes to a group
    # that nobody declared.
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = true
    data_trace_enabled       = false
    logging_level            = "OFF"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:Encrypted with CloudWatch's own key; a customer's key would need grants that nothing here can test.
  #checkov:skip=CKV_AWS_338:How long logs may be kept is the team's to say: log_retention_days.
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_permission" "route" {
  for_each = var.routes

  statement_id  = "websocket-${replace(each.key, "$", "")}"
  action        = "lambda:InvokeFunction"
  function_name = each.value.name
  principal     = "apigateway.amazonaws.com"
  # Any stage of this API: there is one.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/${each.key}"
}

resource "aws_lambda_permission" "authorizer" {
  statement_id  = "websocket-authorizer"
  action        = "lambda:InvokeFunction"
  function_name = var.authorizer.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.this.id}"
}
