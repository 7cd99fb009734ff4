# The most that a function's role may ever do, whatever a deploy writes into it: what a mistake or a
# stolen deploy could gain is bounded by this policy, which only the bootstrap changes.
resource "aws_iam_policy" "boundary" {
  name        = "${local.prefix}-boundary"
  path        = "/parley/"
  description = "The most that a function of ${local.prefix} may do."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # Items only, and never a whole table: a Scan costs what the table holds.
        Sid    = "Items"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem",
          "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = [local.tables, "${local.tables}/index/*"]
      },
      {
        # The ids of APIs are not known here, and this action takes no tag.
        Sid      = "Sockets"
        Effect   = "Allow"
        Action   = "execute-api:ManageConnections"
        Resource = "arn:aws:execute-api:${var.region}:${var.account_id}:*/*/*/@connections/*"
      },
      {
        Sid       = "Tokens"
        Effect    = "Allow"
        Action    = "kms:Sign"
        Resource  = local.keys
        Condition = local.tagged
      },
      {
        # The secrets of other issuers.
        Sid      = "Issuers"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = local.issuers
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = local.log_groups
      },
      {
        # X-Ray knows no resources.
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
    ], local.bounded_mail)
  })
}

# Identities may be another product's, and know no environment: the address says what is ours.
locals {
  bounded_mail = var.mail_from == null ? [] : [{
    Sid       = "Mail"
    Effect    = "Allow"
    Action    = "ses:SendEmail"
    Resource  = local.identities
    Condition = { StringEquals = { "ses:FromAddress" = var.mail_from } }
  }]
}
