# What Terraform reads of an environment to plan a change of it. No item, no message, no log event:
# a plan has no business with them.
resource "aws_iam_policy" "read" {
  #checkov:skip=CKV_AWS_355:Its last statement alone is about everything: those actions take no resource.
  name        = "${local.prefix}-read"
  path        = "/parley/"
  description = "Reads what ${local.prefix} is made of."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Names of all states: without a right to list, a state that is not there yet looks forbidden.
        Sid      = "States"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:aws:s3:::${var.state_bucket}"
      },
      {
        # The second is that of the workspace `default`: it is never there, and `terraform init` looks.
        Sid      = "State"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = [local.state_object, "arn:aws:s3:::${var.state_bucket}/terraform.tfstate"]
      },
      {
        Sid    = "Site"
        Effect = "Allow"
        Action = [
          "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging",
          "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
          "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging",
          "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
          "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
        ]
        Resource = local.site_bucket
      },
      {
        # The files of the site, which everybody can read there.
        Sid      = "SiteFiles"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectTagging"]
        Resource = "${local.site_bucket}/*"
      },
      {
        Sid    = "Tables"
        Effect = "Allow"
        Action = [
          "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
          "dynamodb:ListTagsOfResource",
        ]
        Resource = local.tables
      },
      {
        # GetFunction keeps the tags to itself without ListTags.
        Sid    = "Functions"
        Effect = "Allow"
        Action = [
          "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetPolicy", "lambda:ListTags",
          "lambda:ListVersionsByFunction",
        ]
        Resource = local.functions
      },
      {
        Sid    = "Roles"
        Effect = "Allow"
        Action = [
          "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
        ]
        Resource = local.roles
      },
      {
        # Not by tag: KMS may take minutes to know the tag of a new key, and none of this is secret.
        # https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
        Sid    = "Keys"
        Effect = "Allow"
        Action = [
          "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey",
          "kms:ListResourceTags",
        ]
        Resource = local.keys
      },
      {
        Sid      = "Apis"
        Effect   = "Allow"
        Action   = "apigateway:GET"
        Resource = [local.apis, "${local.apis}/*", "arn:aws:apigateway:${var.region}::/tags/*"]
      },
      {
        # CloudFront makes up the ids of what it keeps, but of functions.
        Sid    = "Distribution"
        Effect = "Allow"
        Action = [
          "cloudfront:DescribeFunction", "cloudfront:GetDistribution", "cloudfront:GetFunction",
          "cloudfront:GetOriginAccessControl", "cloudfront:GetResponseHeadersPolicy",
          "cloudfront:ListTagsForResource",
        ]
        Resource = [
          "arn:aws:cloudfront::${var.account_id}:distribution/*",
          "arn:aws:cloudfront::${var.account_id}:function/${local.prefix}-*",
          "arn:aws:cloudfront::${var.account_id}:origin-access-control/*",
          "arn:aws:cloudfront::${var.account_id}:response-headers-policy/*",
        ]
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:DescribeMetricFilters", "logs:ListTagsForResource"]
        Resource = local.log_groups
      },
      {
        Sid    = "Alarms"
        Effect = "Allow"
        Action = [
          "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource", "sns:GetTopicAttributes",
          "sns:ListTagsForResource",
        ]
        Resource = [local.alarms, local.dashboard, local.topics]
      },
      {
        # Not by tag: one that another environment made may serve this one too. None of it is secret.
        Sid      = "Mail"
        Effect   = "Allow"
        Action   = ["ses:GetEmailIdentity", "ses:ListTagsForResource"]
        Resource = local.identities
      },
      {
        Sid      = "Budget"
        Effect   = "Allow"
        Action   = ["budgets:ListTagsForResource", "budgets:ViewBudget"]
        Resource = local.budgets
      },
      {
        # These take no resource, or answer for a list of names, as DescribeAlarms does.
        Sid    = "Lists"
        Effect = "Allow"
        Action = [
          "cloudwatch:DescribeAlarms", "kms:ListAliases", "logs:DescribeLogGroups",
          "sns:GetSubscriptionAttributes",
        ]
        Resource = "*"
      },
    ]
  })
}
