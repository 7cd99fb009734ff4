# Of the whole account. A filter by our tag would see nothing until somebody activates the tag for
# billing, and never what cannot be tagged: a guard that sleeps.
resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget_usd > 0 ? 1 : 0

  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = aws_sns_topic.alarms[*].arn
    }
  }

  # AWS tries the topic when the budget is made.
  depends_on = [aws_sns_topic_policy.alarms]
}
