locals {
  # Three graphs a row, in the order of reading: is anybody there, does it fail, does it wait, what
  # does it use. Three dashboards of an account are free, with up to 50 metrics each.
  graphs = [
    {
      title = "Sockets opened, messages in and out, per minute"
      stat  = "Sum"
      metrics = [for metric in ["ConnectCount", "MessageCount"] :
        ["AWS/ApiGateway", metric, "ApiId", var.websocket_api_id, { label = metric }]
      ]
    },
    {
      title = "Sockets: errors per minute"
      stat  = "Sum"
      metrics = [for metric in ["ClientError", "IntegrationError", "ExecutionError"] :
        ["AWS/ApiGateway", metric, "ApiId", var.websocket_api_id, { label = metric }]
      ]
    },
    {
      title = "HTTP calls per minute"
      stat  = "Sum"
      metrics = [for metric in ["Count", "4xx", "5xx"] :
        ["AWS/ApiGateway", metric, "ApiId", var.http_api_id, { label = metric }]
      ]
    },
    {
      title = "Functions: crashes and time-outs per minute"
      stat  = "Sum"
      metrics = [for name, function in var.functions :
        ["AWS/Lambda", "Errors", "FunctionName", function.function_name, { label = name }]
      ]
    },
    {
      title   = "From the logs: errors, posts missed, fan-outs lost, per minute"
      stat    = "Sum"
      metrics = [for metric in keys(local.log_metrics) : [local.namespace, metric, { label = metric }]]
    },
    {
      title = "Functions: milliseconds, p50"
      stat  = "p50"
      metrics = [for name, function in var.functions :
        ["AWS/Lambda", "Duration", "FunctionName", function.function_name, { label = name }]
      ]
    },
    {
      title = "Functions: milliseconds, p99"
      stat  = "p99"
      metrics = [for name, function in var.functions :
        ["AWS/Lambda", "Duration", "FunctionName", function.function_name, { label = name }]
      ]
    },
    {
      title = "Tables: read units per minute"
      stat  = "Sum"
      metrics = [for name, table in var.tables :
        ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", table, { label = name }]
      ]
    },
    {
      title = "Tables: write units per minute"
      stat  = "Sum"
      metrics = [for name, table in var.tables :
        ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", table, { label = name }]
      ]
    },
  ]

  log_sources = join(" | ", [for function in values(var.functions) : "SOURCE '${function.log_group_name}'"])

  log_tables = {
    "The last errors" = join(" | ", [
      local.log_sources,
      "filter level = 'ERROR'",
      "fields @timestamp, @log, fields.message, fields.error",
      "sort @timestamp desc",
      "limit 20",
    ])
    "Cold starts" = join(" | ", [
      local.log_sources,
      "filter type = 'platform.report' and ispresent(record.metrics.initDurationMs)",
      "stats count(*) as starts, pct(record.metrics.initDurationMs, 50) as p50_ms, pct(record.metrics.initDurationMs, 99) as p99_ms by @log",
    ])
  }

  alarm_arns = concat(values(aws_cloudwatch_metric_alarm.metric)[*].arn, values(aws_cloudwatch_metric_alarm.expression)[*].arn)

  # On a grid of 24 columns.
  alarms_height = local.heard ? 4 : 0
  graphs_height = 6 * ceil(length(local.graphs) / 3)
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = concat(
      [for arns in [local.alarm_arns] : {
        type       = "alarm"
        x          = 0
        y          = 0
        width      = 24
        height     = local.alarms_height
        properties = { title = "Alarms", alarms = arns }
      } if local.heard],
      [for i, graph in local.graphs : {
        type   = "metric"
        x      = 8 * (i % 3)
        y      = local.alarms_height + 6 * floor(i / 3)
        width  = 8
        height = 6
        properties = {
          title   = graph.title
          metrics = graph.metrics
          stat    = graph.stat
          period  = 60
          region  = var.region
          view    = "timeSeries"
          yAxis   = { left = { min = 0 } }
        }
      }],
      [for i, title in keys(local.log_tables) : {
        type   = "log"
        x      = 12 * i
        y      = local.alarms_height + local.graphs_height
        width  = 12
        height = 6
        properties = {
          title  = title
          query  = local.log_tables[title]
          region = var.region
          view   = "table"
        }
      }],
    )
  })
}
