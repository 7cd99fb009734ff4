mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name               = "parley-dev-send-message"
  description        = "Sends."
  artifact           = "../../tests/fixtures/lambda/send-message.zip"
  memory             = 256
  timeout            = 10
  log_retention_days = 30

  statements = [{
    actions   = ["dynamodb:PutItem"]
    resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/parley-dev-messages"]
  }]
}

run "the_role_may_do_what_is_listed_and_log" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:mock:*"]
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem"]
        Resource = ["arn:aws:dynamodb:us-east-1:123456789012:table/parley-dev-messages"]
      },
    ]
    error_message = "The policy is not the statements, the function's log and its traces."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[*].Principal == [{ Service = "lambda.amazonaws.com" }]
    error_message = "Somebody other than Lambda may take the role."
  }
}

run "a_condition_limits_its_own_statement" {
  command = plan

  variables {
    statements = [
      {
        actions    = ["ses:SendEmail"]
        resources  = ["arn:aws:ses:us-east-1:123456789012:identity/example.com"]
        conditions = { StringEquals = { "ses:FromAddress" = "parley@example.com" } }
      },
      {
        actions   = ["dynamodb:PutItem"]
        resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/parley-dev-messages"]
      },
    ]
  }

  assert {
    condition = [for statement in slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 2, 4) : try(statement.Condition, null)] == [
      { StringEquals = { "ses:FromAddress" = "parley@example.com" } },
      null,
    ]
    error_message = "A statement has lost its condition, or has another's."
  }
}

run "the_log_has_an_end_and_is_json" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/parley-dev-send-message" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group is not the function's own, or keeps its events for ever."
  }

  assert {
    condition     = one(aws_lambda_function.this.logging_config[*].log_format) == "JSON" && one(aws_lambda_function.this.logging_config[*].log_group) == "/aws/lambda/parley-dev-send-message"
    error_message = "The function does not log JSON to its group."
  }
}

run "it_runs_on_arm64_from_the_zip" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"]) && aws_lambda_function.this.runtime == "provided.al2023"
    error_message = "The function does not run where its zip was built for."
  }

  assert {
    # The SHA-256 of the fixture, "x\n".
    condition     = aws_lambda_function.this.source_code_hash == "c8s4WKaHqElMozIwUwFigvPa051Cz2LKTnndoqrH2aw="
    error_message = "The zip's content does not decide whether the function is deployed."
  }
}

run "a_zip_that_is_not_built_is_said" {
  command = plan

  variables {
    artifact = "missing.zip"
  }

  expect_failures = [var.artifact]
}

run "a_wildcard_action_is_refused" {
  command = plan

  variables {
    statements = [{ actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/t"] }]
  }

  expect_failures = [var.statements]
}

run "a_wildcard_resource_is_refused" {
  command = plan

  variables {
    statements = [{ actions = ["dynamodb:PutItem"], resources = ["*"] }]
  }

  expect_failures = [var.statements]
}

run "trace_would_log_messages_and_is_refused" {
  command = plan

  variables {
    log_level = "TRACE"
  }

  expect_failures = [var.log_level]
}

run "warn_would_drop_errors_and_is_refused" {
  command = plan

  variables {
    log_level = "WARN"
  }

  expect_failures = [var.log_level]
}
