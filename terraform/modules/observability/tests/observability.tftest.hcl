mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = {
      arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mock"
    }
  }
}

variables {
  name             = "parley-dev"
  environment      = "dev"
  account_id       = "123456789012"
  region           = "us-east-1"
  websocket_api_id = "sockets"
  http_api_id      = "calls"
  alarm_email      = "on-call@example.com"

  functions = {
    accounts     = { function_name = "parley-dev-accounts", timeout_seconds = 20, log_group_name = "/aws/lambda/parley-dev-accounts" }
    send-message = { function_name = "parley-dev-send-message", timeout_seconds = 15, log_group_name = "/aws/lambda/parley-dev-send-message" }
  }
  tables = {
    messages = "parley-dev-messages"
    sends    = "parley-dev-sends"
  }
}

run "alarms_watch_every_function_every_table_and_both_apis" {
  command = plan

  assert {
    condition = { for alarm in values(aws_cloudwatch_metric_alarm.metric) :
      alarm.alarm_name => "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)} ${coalesce(alarm.statistic, alarm.extended_statistic)} > ${alarm.threshold} for ${alarm.evaluation_periods} x ${alarm.period} s"
      } == {
      parley-dev-accounts-errors        = "AWS/Lambda Errors {\"FunctionName\":\"parley-dev-accounts\"} Sum > 0 for 1 x 300 s"
      parley-dev-accounts-throttles     = "AWS/Lambda Throttles {\"FunctionName\":\"parley-dev-accounts\"} Sum > 0 for 1 x 300 s"
      parley-dev-accounts-slow          = "AWS/Lambda Duration {\"FunctionName\":\"parley-dev-accounts\"} p99 > 16000 for 3 x 300 s"
      parley-dev-send-message-errors    = "AWS/Lambda Errors {\"FunctionName\":\"parley-dev-send-message\"} Sum > 0 for 1 x 300 s"
      parley-dev-send-message-throttles = "AWS/Lambda Throttles {\"FunctionName\":\"parley-dev-send-message\"} Sum > 0 for 1 x 300 s"
      parley-dev-send-message-slow      = "AWS/Lambda Duration {\"FunctionName\":\"parley-dev-send-message\"} p99 > 12000 for 3 x 300 s"
      parley-dev-error-lines            = "Parley/dev ErrorLines {} Sum > 0 for 1 x 300 s"
      parley-dev-missed-posts           = "Parley/dev MissedPosts {} Sum > 50 for 3 x 300 s"
      parley-dev-lost-fanouts           = "Parley/dev LostFanouts {} Sum > 0 for 1 x 300 s"
    }
    error_message = "An alarm on one metric is missing, too many, or watches something else."
  }

  assert {
    condition = { for alarm in values(aws_cloudwatch_metric_alarm.expression) :
      alarm.alarm_name => sort([for query in alarm.metric_query : query.expression != null ? "${query.expression} > ${alarm.threshold} for ${alarm.evaluation_periods}" :
        "${query.id}: ${query.metric[0].namespace} ${query.metric[0].metric_name} ${jsonencode(query.metric[0].dimensions)} ${query.metric[0].stat} of ${query.metric[0].period} s"
      ])
      } == {
      parley-dev-websocket-errors = tolist([
        "SUM([integration, execution]) > 0 for 3",
        "execution: AWS/ApiGateway ExecutionError {\"ApiId\":\"sockets\"} Sum of 300 s",
        "integration: AWS/ApiGateway IntegrationError {\"ApiId\":\"sockets\"} Sum of 300 s",
      ])
      parley-dev-http-errors = tolist([
        "100 * errors / calls > 5 for 3",
        "calls: AWS/ApiGateway Count {\"ApiId\":\"calls\"} Sum of 300 s",
        "errors: AWS/ApiGateway 5xx {\"ApiId\":\"calls\"} Sum of 300 s",
      ])
      parley-dev-messages-table-throttles = tolist([
        "FILL(SUM([reads, writes]), 0) > 0 for 1",
        "reads: AWS/DynamoDB ReadThrottleEvents {\"TableName\":\"parley-dev-messages\"} Sum of 300 s",
        "writes: AWS/DynamoDB WriteThrottleEvents {\"TableName\":\"parley-dev-messages\"} Sum of 300 s",
      ])
      parley-dev-sends-table-throttles = tolist([
        "FILL(SUM([reads, writes]), 0) > 0 for 1",
        "reads: AWS/DynamoDB ReadThrottleEvents {\"TableName\":\"parley-dev-sends\"} Sum of 300 s",
        "writes: AWS/DynamoDB WriteThrottleEvents {\"TableName\":\"parley-dev-sends\"} Sum of 300 s",
      ])
    }
    error_message = "An alarm on several metrics is missing, too many, or watches something else."
  }
}

run "an_alarm_tells_the_topic_what_to_do_and_that_it_is_over" {
  command = plan

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.expression)) :
      toset(alarm.alarm_actions) == toset([output.topic_arn]) && toset(alarm.ok_actions) == toset([output.topic_arn])
    ])
    error_message = "An alarm does not tell the topic, or not that it is over."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.expression)) :
      strcontains(alarm.alarm_description, " First: ") && length(alarm.alarm_description) <= 1024
    ])
    error_message = "An alarm's text does not say what to do first, or is over the 1,024 characters that AWS takes."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.expression)) :
      alarm.treat_missing_data == "notBreaching" && alarm.comparison_operator == "GreaterThanThreshold"
    ])
    error_message = "An alarm would sound where there is no traffic."
  }
}

run "the_topic_takes_only_this_environments_alarms_and_the_budget" {
  command = plan

  assert {
    condition = jsondecode(aws_sns_topic_policy.alarms[0].policy).Statement == [
      for service, source in {
        budgets    = "arn:aws:budgets::123456789012:*"
        cloudwatch = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:parley-dev-*"
        } : {
        Sid       = service
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:us-east-1:123456789012:mock"
        Condition = {
          StringEquals = { "aws:SourceAccount" = "123456789012" }
          ArnLike      = { "aws:SourceArn" = source }
        }
      }
    ]
    error_message = "The topic's policy allows more or less than this environment's alarms and the account's budgets."
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].endpoint == "on-call@example.com"
    error_message = "The address does not hear of the topic."
  }
}

run "log_lines_become_metrics_of_every_function" {
  command = plan

  assert {
    condition = { for key, filter in aws_cloudwatch_log_metric_filter.this :
      key => [filter.log_group_name, filter.pattern, "${filter.metric_transformation[0].namespace} ${filter.metric_transformation[0].name} ${filter.metric_transformation[0].value}"]
      } == merge([for function in ["accounts", "send-message"] : {
        "${function}-ErrorLines"  = ["/aws/lambda/parley-dev-${function}", "{ $.level = \"ERROR\" }", "Parley/dev ErrorLines 1"]
        "${function}-MissedPosts" = ["/aws/lambda/parley-dev-${function}", "{ $.fields.missed > 0 }", "Parley/dev MissedPosts $.fields.missed"]
        "${function}-LostFanouts" = ["/aws/lambda/parley-dev-${function}", "{ $.fields.message = \"No post reached a socket: rows are kept. Is PUSH_ENDPOINT right?\" }", "Parley/dev LostFanouts 1"]
    }]...)
    error_message = "A log metric is missing, or reads something else."
  }

  # What the filters look for is what the code writes.
  assert {
    condition = alltrue([
      for text in ["missed = report.missed,", regex("\".*\"", aws_cloudwatch_log_metric_filter.this["send-message-LostFanouts"].pattern)] :
      strcontains(file("../../../lambdas/chat/src/fanout.rs"), text)
    ])
    error_message = "fanout.rs no longer logs what the filters look for."
  }

  assert {
    condition     = alltrue([for filter in values(aws_cloudwatch_log_metric_filter.this) : filter.metric_transformation[0].default_value == null && filter.metric_transformation[0].dimensions == null])
    error_message = "The metrics are one for all functions, and only where something happened."
  }
}

run "the_dashboard_shows_all_of_it_without_overlap" {
  command = plan

  assert {
    condition = toset(flatten([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [
        for metric in widget.properties.metrics : "${widget.properties.stat} ${metric[1]} ${try(metric[3], "")}"
      ] if widget.type == "metric"
      ])) == toset(concat(
      [for metric in ["ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError"] : "Sum ${metric} sockets"],
      [for metric in ["Count", "4xx", "5xx"] : "Sum ${metric} calls"],
      [for metric in ["ErrorLines", "MissedPosts", "LostFanouts"] : "Sum ${metric} "],
      flatten([for name in ["accounts", "send-message"] : [for metric in ["Sum Errors", "p50 Duration", "p99 Duration"] : "${metric} parley-dev-${name}"]]),
      flatten([for name in ["messages", "sends"] : [for metric in ["Read", "Write"] : "Sum Consumed${metric}CapacityUnits parley-dev-${name}"]]),
    ))
    error_message = "The dashboard lacks a metric, or has one too many."
  }

  assert {
    condition = [
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
      length(split("SOURCE '/aws/lambda/parley-dev-", widget.properties.query)) - 1 if widget.type == "log"
    ] == [2, 2]
    error_message = "A table of log lines leaves a function out."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms) == 13
    error_message = "The dashboard does not begin with the state of every alarm."
  }

  assert {
    condition = alltrue(flatten([
      for a in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [
        for b in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
        a == b || a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
      ]
    ]))
    error_message = "Widgets of the dashboard overlap."
  }
}

run "nobody_to_hear_means_no_alarm_but_the_dashboard" {
  command = plan

  variables {
    alarm_email = ""
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.metric) + length(aws_cloudwatch_metric_alarm.expression) + length(aws_sns_topic.alarms) + length(aws_sns_topic_policy.alarms) + length(aws_sns_topic_subscription.email) + length(aws_budgets_budget.monthly) == 0
    error_message = "Alarms are paid for that nobody hears."
  }

  assert {
    condition     = output.topic_arn == null && jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].type == "metric"
    error_message = "The dashboard has to stand without alarms."
  }
}

run "a_budget_is_heard_of" {
  command = plan

  variables {
    monthly_budget_usd = 25
  }

  assert {
    condition     = aws_budgets_budget.monthly[0].limit_amount == "25" && aws_budgets_budget.monthly[0].time_unit == "MONTHLY" && aws_budgets_budget.monthly[0].budget_type == "COST"
    error_message = "The budget is another than the one asked for."
  }

  assert {
    condition = toset([for notice in aws_budgets_budget.monthly[0].notification :
      "${notice.notification_type} ${notice.comparison_operator} ${notice.threshold} ${notice.threshold_type} to ${join(",", notice.subscriber_sns_topic_arns)}"
      ]) == toset([
      "ACTUAL GREATER_THAN 80 PERCENTAGE to arn:aws:sns:us-east-1:123456789012:mock",
      "FORECASTED GREATER_THAN 100 PERCENTAGE to arn:aws:sns:us-east-1:123456789012:mock",
    ])
    error_message = "The budget does not warn at 80 % spent and at 100 % forecast."
  }
}

run "a_budget_that_nobody_hears_of_is_refused" {
  command = plan

  variables {
    alarm_email        = ""
    monthly_budget_usd = 25
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_negative_budget_is_refused" {
  command = plan

  variables {
    monthly_budget_usd = -1
  }

  expect_failures = [var.monthly_budget_usd]
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    alarm_email = "on-call"
  }

  expect_failures = [var.alarm_email]
}
