# What Terraform calls to make, change and remove an environment. What it reads is in read.tf.
locals {
  write = [
    {
      # No right to remove a state: it is all that is known of what there is.
      Sid      = "State"
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = [local.state_object, "${local.state_object}.tflock"]
    },
    {
      Sid      = "StateLock"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject"]
      Resource = "${local.state_object}.tflock"
    },
    {
      Sid    = "Site"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging",
        "s3:PutEncryptionConfiguration",
      ]
      Resource = local.site_bucket
    },
    {
      Sid      = "SiteFiles"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"]
      Resource = "${local.site_bucket}/*"
    },
    {
      Sid    = "Tables"
      Effect = "Allow"
      Action = [
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
      ]
      Resource = local.tables
    },
    {
      Sid    = "Functions"
      Effect = "Allow"
      Action = [
        "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency",
        "lambda:PutFunctionConcurrency", "lambda:TagResource", "lambda:UntagResource",
        "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
      ]
      Resource = local.functions
    },
    {
      # A function is opened to API Gateway, and to nobody else.
      Sid       = "Callers"
      Effect    = "Allow"
      Action    = ["lambda:AddPermission", "lambda:RemovePermission"]
      Resource  = local.functions
      Condition = { StringEquals = { "lambda:Principal" = "apigateway.amazonaws.com" } }
    },
    {
      # A role without the boundary could be given anything.
      Sid       = "BoundedRoles"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.roles
      Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
    },
    {
      Sid    = "Roles"
      Effect = "Allow"
      Action = [
        "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:TagRole",
        "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
      ]
      Resource = local.roles
    },
    {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.roles
      Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
    },
    {
      # API Gateway's own role in the account, which it makes with the first API.
      Sid       = "ServiceLinkedRole"
      Effect    = "Allow"
      Action    = "iam:CreateServiceLinkedRole"
      Resource  = "arn:aws:iam::${var.account_id}:role/aws-service-role/ops.apigateway.amazonaws.com/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = "ops.apigateway.amazonaws.com" } }
    },
    {
      Sid       = "NewKeys"
      Effect    = "Allow"
      Action    = "kms:CreateKey"
      Resource  = "*"
      Condition = local.tagged_at_birth
    },
    {
      # A key gets its tags as it is made, so this can not ask for one that is there. It refuses the
      # keys of another environment; an untagged key of the account is in its reach.
      Sid       = "NewKeysTags"
      Effect    = "Allow"
      Action    = "kms:TagResource"
      Resource  = local.keys
      Condition = local.tagging
    },
    {
      Sid    = "Keys"
      Effect = "Allow"
      Action = [
        "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:UntagResource", "kms:UpdateKeyDescription",
      ]
      Resource  = local.keys
      Condition = local.tagged
    },
    {
      # The right to an alias is asked of its key too. Not by tag, as for reading; a name gives no
      # right to the key.
      Sid      = "KeyNames"
      Effect   = "Allow"
      Action   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
      Resource = [local.aliases, local.keys]
    },
    {
      # As with keys: an API of this account that has no such tag could be given it.
      Sid       = "NewApis"
      Effect    = "Allow"
      Action    = "apigateway:POST"
      Resource  = [local.apis, "arn:aws:apigateway:${var.region}::/tags/*"]
      Condition = local.tagging
    },
    {
      Sid       = "Apis"
      Effect    = "Allow"
      Action    = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST"]
      Resource  = "${local.apis}/*"
      Condition = local.tagged
    },
    {
      # In no list of AWS's actions, and asked for all the same where a stage is made with tags.
      # https://github.com/aws-amplify/amplify-cli/issues/12316
      Sid       = "ApisTags"
      Effect    = "Allow"
      Action    = "apigateway:TagResource"
      Resource  = [local.apis, "${local.apis}/*"]
      Condition = { StringEqualsIfExists = merge(local.tagged_at_birth.StringEquals, local.tagged.StringEquals) }
    },
    {
      # How an HTTP API gets to write its access log. These take no resource.
      # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
      Sid    = "LogDelivery"
      Effect = "Allow"
      Action = [
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      ]
      Resource = "*"
    },
    {
      Sid    = "Logs"
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:PutMetricFilter",
        "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
      ]
      Resource = local.log_groups
    },
    {
      # CloudFront asks for the tags of a new one with the second.
      Sid      = "NewDistribution"
      Effect   = "Allow"
      Action   = "cloudfront:CreateDistribution"
      Resource = "*"
    },
    {
      Sid       = "NewDistributionTags"
      Effect    = "Allow"
      Action    = "cloudfront:TagResource"
      Resource  = "*"
      Condition = local.tagging
    },
    {
      Sid       = "Distribution"
      Effect    = "Allow"
      Action    = ["cloudfront:DeleteDistribution", "cloudfront:UntagResource", "cloudfront:UpdateDistribution"]
      Resource  = "arn:aws:cloudfront::${var.account_id}:distribution/*"
      Condition = local.tagged
    },
    {
      Sid      = "EdgeFunction"
      Effect   = "Allow"
      Action   = ["cloudfront:DeleteFunction", "cloudfront:PublishFunction", "cloudfront:UpdateFunction"]
      Resource = "arn:aws:cloudfront::${var.account_id}:function/${local.prefix}-*"
    },
    {
      # CloudFront lets nobody say which of these: they have no tags, and their ids are its own.
      Sid    = "EdgePolicies"
      Effect = "Allow"
      Action = [
        "cloudfront:CreateFunction", "cloudfront:CreateOriginAccessControl",
        "cloudfront:CreateResponseHeadersPolicy", "cloudfront:DeleteOriginAccessControl",
        "cloudfront:DeleteResponseHeadersPolicy", "cloudfront:UpdateOriginAccessControl",
        "cloudfront:UpdateResponseHeadersPolicy",
      ]
      Resource = "*"
    },
    {
      Sid    = "Alarms"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard",
        "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource",
      ]
      Resource = [local.alarms, local.dashboard]
    },
    {
      Sid    = "Topics"
      Effect = "Allow"
      Action = [
        "sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource",
        "sns:UntagResource",
      ]
      Resource = local.topics
    },
    {
      # These take no resource.
      Sid      = "Subscriptions"
      Effect   = "Allow"
      Action   = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
      Resource = "*"
    },
    {
      # As with keys: an identity of this account that has no such tag could be given it.
      Sid       = "NewMailIdentity"
      Effect    = "Allow"
      Action    = ["ses:CreateEmailIdentity", "ses:TagResource"]
      Resource  = local.identities
      Condition = local.tagging
    },
    {
      Sid       = "MailIdentity"
      Effect    = "Allow"
      Action    = ["ses:DeleteEmailIdentity", "ses:PutEmailIdentityDkimSigningAttributes", "ses:UntagResource"]
      Resource  = local.identities
      Condition = local.tagged
    },
    {
      Sid      = "Budget"
      Effect   = "Allow"
      Action   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
      Resource = local.budgets
    },
  ]
}
