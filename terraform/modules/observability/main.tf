locals {
  # An alarm that nobody hears is money for nothing.
  heard = var.alarm_email != ""
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish under SNS's own key, and a key of ours would cost more than it guards: names and figures of alarms.
  count = local.heard ? 1 : 0

  name         = "${var.name}-alarms"
  display_name = var.name
}

resource "aws_sns_topic_subscription" "email" {
  count = local.heard ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_sns_topic_policy" "alarms" {
  count = local.heard ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for service, source in {
        cloudwatch = "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${var.name}-*"
        budgets    = "arn:aws:budgets::${var.account_id}:*"
        } : {
        Sid       = service
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms[0].arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnLike      = { "aws:SourceArn" = source }
        }
      }
    ]
  })
}
