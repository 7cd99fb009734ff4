locals {
  # A policy's `Resource` of log events is the group with every stream in it.
  own_statements = [
    {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
    },
    {
      # X-Ray knows no resources: its two write actions take `*` alone.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"]
    },
  ]
}

# Before the function, or Lambda makes the group itself, without an end to its events, and the next
# apply meets one that it does not know.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:Encrypted with CloudWatch's own key; a customer's key would need grants that nothing here can test.
  #checkov:skip=CKV_AWS_338:How long logs may be kept is the team's to say: log_retention_days.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.role_path
  description          = "What ${var.name} may do."
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "calls"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in concat(local.own_statements, var.statements) : merge(
      {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      },
      { for key, conditions in { Condition = try(statement.conditions, {}) } : key => conditions if length(conditions) > 0 },
    )]
  })
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:An account's concurrency is the team's to divide: reserved_concurrency, off by default, since new accounts have 10 in all.
  #checkov:skip=CKV_AWS_116:API Gateway, and whoever runs `parley admin`, waits for the answer: there is no asynchronous invocation to keep.
  #checkov:skip=CKV_AWS_117:It calls AWS's public endpoints only; a VPC would add a NAT and nothing to protect.
  #checkov:skip=CKV_AWS_173:The variables hold names and public keys, no secret.
  #checkov:skip=CKV_AWS_272:The zip comes from the same run that plans it; a signing profile would be signed by the same hand.
  function_name                  = var.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  filename                       = var.artifact
  source_code_hash               = filebase64sha256(var.artifact)
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = ["arm64"]
  memory_size                    = var.memory
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = var.environment
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = "Active"
  }

  # The first invocation may come as soon as the function is there.
  depends_on = [aws_iam_role_policy.this]
}
