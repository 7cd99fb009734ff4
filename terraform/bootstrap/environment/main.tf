# Everything of an environment carries its name or, where the platform makes up the name, its tag.
# What deploys it is held to that: one environment's role can not touch another's, but for the few
# kinds of things that know neither name nor tag; write.tf says which.
locals {
  prefix = "parley-${var.environment}"

  state_object = "arn:aws:s3:::${var.state_bucket}/parley/${var.environment}/terraform.tfstate"
  site_bucket  = "arn:aws:s3:::${local.prefix}-site-${var.account_id}-${var.region}"
  tables       = "arn:aws:dynamodb:${var.region}:${var.account_id}:table/${local.prefix}-*"
  functions    = "arn:aws:lambda:${var.region}:${var.account_id}:function:${local.prefix}-*"
  roles        = "arn:aws:iam::${var.account_id}:role/parley/${var.environment}/*"
  keys         = "arn:aws:kms:${var.region}:${var.account_id}:key/*"
  aliases      = "arn:aws:kms:${var.region}:${var.account_id}:alias/${local.prefix}-*"
  topics       = "arn:aws:sns:${var.region}:${var.account_id}:${local.prefix}-*"
  alarms       = "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${local.prefix}-*"
  dashboard    = "arn:aws:cloudwatch::${var.account_id}:dashboard/${local.prefix}"
  identities   = "arn:aws:ses:${var.region}:${var.account_id}:identity/*"
  issuers      = "arn:aws:ssm:${var.region}:${var.account_id}:parameter/parley/${var.environment}/issuers/*"
  budgets      = "arn:aws:budgets::${var.account_id}:budget/${local.prefix}-*"
  log_groups = [
    "arn:aws:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${local.prefix}-*",
    "arn:aws:logs:${var.region}:${var.account_id}:log-group:/aws/apigateway/${local.prefix}-*",
  ]

  # API Gateway knows an API by an id of its own; a part of it has the tags of its API.
  apis = "arn:aws:apigateway:${var.region}::/apis"

  tagged = { StringEquals = { "aws:ResourceTag/parley-environment" = var.environment } }
  # Tags this environment's name onto what has none yet, or that one already.
  tagging = {
    StringEquals         = local.tagged_at_birth.StringEquals
    StringEqualsIfExists = local.tagged.StringEquals
  }

  tagged_at_birth = { StringEquals = { "aws:RequestTag/parley-environment" = var.environment } }
}

resource "aws_iam_role" "deploy" {
  name               = "${local.prefix}-deploy"
  description        = "Deploys ${local.prefix}."
  assume_role_policy = var.trust
}

resource "aws_iam_role_policy_attachment" "read" {
  role       = aws_iam_role.deploy.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role_policy" "write" {
  name   = "write"
  role   = aws_iam_role.deploy.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.write })
}
