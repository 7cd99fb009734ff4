# AWS bills each metric that an alarm reads: three a function, two a table, seven for the rest, at
# USD 0.10 a month, ten of an account free.
locals {
  # In seconds. Shorter ones would cost no more, but a person would be called for every hiccup.
  period = 300

  logs = "make logs ENV=${var.environment}"

  # Alarms on one metric. The first bad period calls, where no other number is given.
  metric_alarms = merge(
    merge([
      for name, function in var.functions : {
        "${name}-errors" = {
          description = "${name} crashed, or ran out of time or memory: somebody got no answer. It is a fault of ours, for refused requests do not count. First: '${local.logs}', and roll back if it began with a deploy."
          namespace   = "AWS/Lambda"
          metric      = "Errors"
          dimensions  = { FunctionName = function.function_name }
          statistic   = "Sum"
          threshold   = 0
          periods     = 1
        }
        "${name}-throttles" = {
          description = "Lambda refused to run ${name}: the account's concurrency, or what is reserved for it, is used up. First: see in Lambda's console which function runs most; then raise the quota, or reserved_concurrency."
          namespace   = "AWS/Lambda"
          metric      = "Throttles"
          dimensions  = { FunctionName = function.function_name }
          statistic   = "Sum"
          threshold   = 0
          periods     = 1
        }
        "${name}-slow" = {
          description = "For 15 minutes the slowest of ${name} took over 80 % of the ${function.timeout_seconds} s after which it is killed. First: open a slow trace in X-Ray to see which call waits; give it more memory only if none does."
          namespace   = "AWS/Lambda"
          metric      = "Duration"
          dimensions  = { FunctionName = function.function_name }
          statistic   = "p99"
          threshold   = 800 * function.timeout_seconds
          periods     = 3
        }
      }
    ]...),
    {
      error-lines = {
        description = "Requests failed for a reason of ours: a service that did not answer, a missing right, a row that cannot be read. First: '${local.logs}' and look for ERROR; each line has the whole chain of causes."
        namespace   = local.namespace
        metric      = "ErrorLines"
        dimensions  = {}
        statistic   = "Sum"
        threshold   = 0
        periods     = 1
      }
      missed-posts = {
        description = "For 15 minutes more than 50 posts in 5 minutes were given up: people see messages late, when their client asks again. First: '${local.logs}' and look for 'A post was refused'; without it, sockets are slow or the posts throttled."
        namespace   = local.namespace
        metric      = "MissedPosts"
        dimensions  = {}
        statistic   = "Sum"
        threshold   = 50
        periods     = 3
      }
      lost-fanouts = {
        description = "Rooms of 20 and more sockets were told something and not one heard it. Their rows are kept. First: compare the setting PUSH_ENDPOINT of send-message with the output websocket_url, and its role with execute-api:ManageConnections."
        namespace   = local.namespace
        metric      = "LostFanouts"
        dimensions  = {}
        statistic   = "Sum"
        threshold   = 0
        periods     = 1
      }
    },
  )

  # Alarms on what is computed of several metrics.
  expression_alarms = merge(
    {
      websocket-errors = {
        description = "For 15 minutes API Gateway has got errors from the sockets' functions, or could not call them. First: the alarms of the functions; if none is on, the permissions to invoke them and the field integrationError of the access log /aws/apigateway/${var.name}-websocket."
        expression  = "SUM([integration, execution])"
        namespace   = "AWS/ApiGateway"
        metrics     = { execution = "ExecutionError", integration = "IntegrationError" }
        dimensions  = { ApiId = var.websocket_api_id }
        threshold   = 0
        periods     = 3
      }
      http-errors = {
        description = "For 15 minutes over 5 % of the calls of the HTTP API have been answered 5xx: people cannot sign in. First: '${local.logs}' for accounts; if it is silent, the field integrationError of the access log /aws/apigateway/${var.name}-http."
        expression  = "100 * errors / calls"
        namespace   = "AWS/ApiGateway"
        metrics     = { calls = "Count", errors = "5xx" }
        dimensions  = { ApiId = var.http_api_id }
        threshold   = 5
        periods     = 3
      }
    },
    {
      # CloudWatch leaves an alarm on DynamoDB as it is while there are no data, and there are none
      # without throttles: filled with 0, it ends with its cause.
      # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      # SystemErrors and ThrottledRequests come by operation only; error-lines has what they cause.
      # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
      for name, table in var.tables : "${name}-table-throttles" => {
        description = "DynamoDB throttled reads or writes of the table ${name}: sends and pages are late or fail. First: in the table's console, Contributor Insights shows whether one key (one room) is hot; else the account's quota for on-demand tables is met."
        expression  = "FILL(SUM([reads, writes]), 0)"
        namespace   = "AWS/DynamoDB"
        metrics     = { reads = "ReadThrottleEvents", writes = "WriteThrottleEvents" }
        dimensions  = { TableName = table }
        threshold   = 0
        periods     = 1
      }
    },
  )
}

# Without traffic there are no data, and nothing is wrong: hence notBreaching.
resource "aws_cloudwatch_metric_alarm" "metric" {
  for_each = { for name, alarm in local.metric_alarms : name => alarm if local.heard }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic == "Sum" ? "Sum" : null
  extended_statistic  = each.value.statistic == "Sum" ? null : each.value.statistic
  period              = local.period
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alarms[*].arn
  ok_actions          = aws_sns_topic.alarms[*].arn
}

resource "aws_cloudwatch_metric_alarm" "expression" {
  for_each = { for name, alarm in local.expression_alarms : name => alarm if local.heard }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alarms[*].arn
  ok_actions          = aws_sns_topic.alarms[*].arn

  metric_query {
    id          = "value"
    label       = each.key
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        stat        = "Sum"
        period      = local.period
      }
    }
  }
}
