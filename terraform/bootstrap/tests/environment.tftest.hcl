# What the roles of an environment may do, read from the policies as AWS gets them.
mock_provider "aws" {
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/parley/parley-staging-boundary" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
}

# The longest names, for the limits of a policy's size.
variables {
  environment  = "staging"
  account_id   = "123456789012"
  region       = "ap-southeast-2"
  state_bucket = "parley-state-123456789012-ap-southeast-2"
  mail_from    = "parley@example.com"
  trust        = "{}"
}

run "every_policy" {
  module {
    source = "./environment"
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_policy.read.policy, aws_iam_policy.boundary.policy, aws_iam_role_policy.write.policy] : alltrue([
        for statement in jsondecode(policy).Statement : alltrue([
          for action in flatten([statement.Action]) : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))
        ]) && statement.Effect == "Allow"
      ])
    ])
    error_message = "An action with a wildcard is allowed."
  }

  assert {
    condition = sort(flatten([
      for policy in [aws_iam_policy.read.policy, aws_iam_policy.boundary.policy, aws_iam_role_policy.write.policy] : [
        for statement in jsondecode(policy).Statement : statement.Action if contains(flatten([statement.Resource]), "*")
      ]
      ])) == tolist([
      "cloudfront:CreateDistribution", "cloudfront:CreateFunction", "cloudfront:CreateOriginAccessControl",
      "cloudfront:CreateResponseHeadersPolicy", "cloudfront:DeleteOriginAccessControl",
      "cloudfront:DeleteResponseHeadersPolicy", "cloudfront:TagResource", "cloudfront:UpdateOriginAccessControl",
      "cloudfront:UpdateResponseHeadersPolicy", "cloudwatch:DescribeAlarms", "kms:CreateKey", "kms:ListAliases",
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
      "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ])
    error_message = "The actions on every resource are not just those that AWS lets nobody narrow."
  }

  # Reading aside, what is not known by the environment's name has to carry its tag.
  assert {
    condition = sort([
      for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : statement.Sid
      if !anytrue([
        alltrue([for resource in flatten([statement.Resource]) : can(regex("[/:]parley[-/]staging[-/]|budget/parley-staging$|dashboard/parley-staging$", resource))]),
        contains(flatten([for test in values(try(statement.Condition, {})) : [for key, value in test : value if endswith(key, "Tag/parley-environment")]]), "staging"),
      ])
    ]) == tolist(["EdgePolicies", "KeyNames", "LogDelivery", "NewDistribution", "ServiceLinkedRole", "Subscriptions"])
    error_message = "A statement reaches past the environment."
  }

  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  assert {
    condition     = length(aws_iam_policy.read.policy) <= 6144 && length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "A managed policy has at most 6,144 characters."
  }

  assert {
    condition     = length(aws_iam_role_policy.write.policy) <= 10240
    error_message = "The inline policies of a role have at most 10,240 characters."
  }
}

run "reading" {
  module {
    source = "./environment"
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_policy.read.policy).Statement : [
        for action in flatten([statement.Action]) : can(regex(":(Get|List|Describe|View)|^apigateway:GET$", action))
      ]
    ]))
    error_message = "The policy that reads allows a change."
  }

  assert {
    condition = length(setintersection(flatten(jsondecode(aws_iam_policy.read.policy).Statement[*].Action), [
      "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:GetRecords", "logs:GetLogEvents", "logs:GetQueryResults",
      "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
    ])) == 0
    error_message = "A plan could read messages, logs or secrets."
  }

  assert {
    condition = sort(flatten([
      for statement in jsondecode(aws_iam_policy.read.policy).Statement : statement.Resource
      if contains(flatten([statement.Action]), "s3:GetObject")
      ])) == tolist([
      "arn:aws:s3:::parley-staging-site-123456789012-ap-southeast-2/*",
      "arn:aws:s3:::parley-state-123456789012-ap-southeast-2/parley/staging/terraform.tfstate",
      "arn:aws:s3:::parley-state-123456789012-ap-southeast-2/terraform.tfstate",
    ])
    error_message = "A plan reads other objects than the site's and its own state."
  }
}

run "deploying" {
  module {
    source = "./environment"
  }

  assert {
    condition     = aws_iam_role.deploy.name == "parley-staging-deploy" && aws_iam_role.deploy.assume_role_policy == "{}"
    error_message = "The role is not what the workflows ask for, or is open to others."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : statement.Sid => statement
      if strcontains(jsonencode(statement.Resource), "parley-state-")
      } == {
      State = {
        Sid    = "State"
        Effect = "Allow"
        Action = "s3:PutObject"
        Resource = [
          "arn:aws:s3:::parley-state-123456789012-ap-southeast-2/parley/staging/terraform.tfstate",
          "arn:aws:s3:::parley-state-123456789012-ap-southeast-2/parley/staging/terraform.tfstate.tflock",
        ]
      }
      StateLock = {
        Sid      = "StateLock"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject"]
        Resource = "arn:aws:s3:::parley-state-123456789012-ap-southeast-2/parley/staging/terraform.tfstate.tflock"
      }
    }
    error_message = "A deploy reaches other states than its own, or can remove it."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : [statement.Resource, statement.Condition]
      if contains(flatten([statement.Action]), "iam:PassRole")
      ] == [[
        "arn:aws:iam::123456789012:role/parley/staging/*",
        { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } },
    ]]
    error_message = "A role can be passed to others than the environment's functions."
  }

  # An absent boundary does not match StringEquals, so a role cannot be made without one.
  assert {
    condition = alltrue([
      for action in ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"] : [
        for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : [statement.Resource, try(statement.Condition, {})]
        if contains(flatten([statement.Action]), action)
        ] == [[
          "arn:aws:iam::123456789012:role/parley/staging/*",
          { StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/parley/parley-staging-boundary" } },
      ]]
    ])
    error_message = "A role could be made, or given rights, without its boundary."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : can(regex("^arn:aws:iam::123456789012:role/(parley/staging/\\*|aws-service-role/ops\\.apigateway\\.amazonaws\\.com/\\*)$", statement.Resource))
      if anytrue([for action in flatten([statement.Action]) : startswith(action, "iam:")])
    ])
    error_message = "A deploy reaches roles or policies that are not its functions'."
  }

  assert {
    condition = length(setintersection(flatten(jsondecode(aws_iam_role_policy.write.policy).Statement[*].Action), [
      "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "kms:CreateGrant",
      "lambda:CreateFunctionUrlConfig", "lambda:InvokeFunction", "s3:DeleteBucketPublicAccessBlock", "ses:SendEmail",
      "ssm:GetParameter", "ssm:PutParameter",
    ])) == 0
    error_message = "A deploy could leave its bounds."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.write.policy).Statement : statement.Condition.StringEquals["lambda:Principal"] == "apigateway.amazonaws.com"
      if contains(flatten([statement.Action]), "lambda:AddPermission")
    ])
    error_message = "A function can be opened to others than API Gateway."
  }
}

run "boundary" {
  module {
    source = "./environment"
  }

  assert {
    condition     = aws_iam_policy.boundary.name == "parley-staging-boundary" && aws_iam_policy.boundary.path == "/parley/"
    error_message = "The functions' roles name another boundary."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Sid => [statement.Resource, try(statement.Condition, {})]
      } == {
      Items = [[
        "arn:aws:dynamodb:ap-southeast-2:123456789012:table/parley-staging-*",
        "arn:aws:dynamodb:ap-southeast-2:123456789012:table/parley-staging-*/index/*",
      ], {}]
      Sockets = ["arn:aws:execute-api:ap-southeast-2:123456789012:*/*/*/@connections/*", {}]
      Tokens = [
        "arn:aws:kms:ap-southeast-2:123456789012:key/*",
        { StringEquals = { "aws:ResourceTag/parley-environment" = "staging" } },
      ]
      Issuers = ["arn:aws:ssm:ap-southeast-2:123456789012:parameter/parley/staging/issuers/*", {}]
      Mail = [
        "arn:aws:ses:ap-southeast-2:123456789012:identity/*",
        { StringEquals = { "ses:FromAddress" = "parley@example.com" } },
      ]
      Logs = [[
        "arn:aws:logs:ap-southeast-2:123456789012:log-group:/aws/lambda/parley-staging-*",
        "arn:aws:logs:ap-southeast-2:123456789012:log-group:/aws/apigateway/parley-staging-*",
      ], {}]
      Traces = ["*", {}]
    }
    error_message = "A function could reach past its environment."
  }

  assert {
    condition     = !contains(flatten(jsondecode(aws_iam_policy.boundary.policy).Statement[*].Action), "dynamodb:Scan")
    error_message = "A function could read a whole table."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Sid => statement.Action
      if contains(["Issuers", "Mail"], statement.Sid)
    } == { Issuers = "ssm:GetParameter", Mail = "ses:SendEmail" }
    error_message = "A function could do more with mail or parameters than send the one and read the other."
  }
}

run "boundary_without_mail" {
  module {
    source = "./environment"
  }

  variables {
    mail_from = null
  }

  assert {
    condition     = !strcontains(aws_iam_policy.boundary.policy, "ses:")
    error_message = "A function could send mail from an environment that has none."
  }
}
