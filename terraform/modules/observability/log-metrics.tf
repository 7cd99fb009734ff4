locals {
  namespace = "Parley/${var.environment}"

  # Counted from the functions' log lines, in the form that lambda_runtime gives them:
  # {"level":"ERROR","fields":{"message":"...",...},"span":{...},"spans":[...]}
  log_metrics = {
    # Requests that ended in an error are answered all the same, so Lambda counts no failure.
    ErrorLines = {
      pattern = "{ $.level = \"ERROR\" }"
      value   = "1"
    }
    # Posts to sockets that were given up. Their clients ask for what they missed, by number.
    MissedPosts = {
      pattern = "{ $.fields.missed > 0 }"
      value   = "$.fields.missed"
    }
    # Fan-outs that reached nobody, and so deleted no row.
    LostFanouts = {
      pattern = "{ $.fields.message = \"No post reached a socket: rows are kept. Is PUSH_ENDPOINT right?\" }"
      value   = "1"
    }
  }
}

# Every metric from every group: filters cost nothing, and a new function is forgotten in none.
resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = {
    for pair in setproduct(keys(var.functions), keys(local.log_metrics)) :
    "${pair[0]}-${pair[1]}" => { log_group_name = var.functions[pair[0]].log_group_name, metric = pair[1] }
  }

  name           = each.value.metric
  log_group_name = each.value.log_group_name
  pattern        = local.log_metrics[each.value.metric].pattern

  # Neither a dimension nor a default value: one metric for all functions, billed only for hours in
  # which something happened.
  metric_transformation {
    namespace = local.namespace
    name      = each.value.metric
    value     = local.log_metrics[each.value.metric].value
    unit      = "Count"
  }
}
