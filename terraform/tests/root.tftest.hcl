# The whole of one environment, planned with a stand-in for AWS. What the modules promise, their own
# tests show; here it is what the root makes of the two maps.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# `terraform test` runs in the workspace `default`, which is refused.
override_module {
  target = module.environment
  outputs = {
    name = "prod"
  }
}

variables {
  environment = "prod"
  account_id  = "123456789012"
  region      = "us-east-1"
  lambda_dir  = "tests/fixtures/lambda"
  site_dir    = "tests/fixtures/site"
}

run "each_role_may_make_the_calls_of_its_function" {
  command = plan

  # Without it, accounts may send none.
  variables {
    mail = { from = "parley@example.com" }
  }

  override_resource {
    target          = module.table["sends"].aws_dynamodb_table.this
    values          = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/parley-prod-sends" }
    override_during = plan
  }

  assert {
    condition     = jsondecode(module.function["send-message"].policy).Statement[6].Resource == ["arn:aws:dynamodb:us-east-1:123456789012:table/parley-prod-sends"]
    error_message = "A statement is about another table than it names."
  }

  # Spelled out, so that a wrong translation cannot agree with itself.
  assert {
    condition = [for statement in jsondecode(module.function["send-message"].policy).Statement : statement.Action] == [
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
      ["dynamodb:UpdateItem"],
      ["dynamodb:GetItem"],
      ["dynamodb:GetItem"],
      ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
      ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      ["dynamodb:Query", "dynamodb:DeleteItem"],
      ["execute-api:ManageConnections"],
    ]
    error_message = "send-message may do something else than its map says."
  }

  assert {
    condition     = jsondecode(module.function["send-message"].policy).Statement[8].Resource == ["arn:aws:execute-api:us-east-1:123456789012:mockapi/v1/POST/@connections/*"]
    error_message = "send-message may do more to sockets than post to those of this stage."
  }

  assert {
    condition     = jsondecode(module.function["accounts"].policy).Statement[6] == { Effect = "Allow", Action = ["kms:Sign"], Resource = ["arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-44cd-96ef-1234567890ab"] }
    error_message = "accounts may not sign with the active key, or may do more with it."
  }

  assert {
    condition = {
      for name, function in module.function : name => sort(flatten([
        for statement in slice(jsondecode(function.policy).Statement, 2, length(jsondecode(function.policy).Statement)) : statement.Action
      ]))
      } == {
      for name, spec in local.functions : name => sort(flatten(spec.statements[*].actions))
    }
    error_message = "A role has other actions than functions.tf.json lists."
  }
}

run "no_role_has_a_wildcard" {
  command = plan

  assert {
    condition     = length([for function in module.function : function if strcontains(jsonencode(jsondecode(function.policy).Statement[*].Action), "*")]) == 0
    error_message = "An action has a wildcard."
  }

  assert {
    condition = alltrue(flatten([
      for function in module.function : [
        for statement in jsondecode(function.policy).Statement : !contains(statement.Resource, "*") || alltrue([for action in statement.Action : startswith(action, "xray:")])
      ]
    ]))
    error_message = "A statement other than X-Ray's is about everything."
  }

  assert {
    condition     = [for name, function in module.function : name if strcontains(function.policy, "kms:")] == ["accounts"]
    error_message = "A function other than accounts may sign."
  }
}

run "the_signing_key_signs_for_accounts_only" {
  command = plan

  # Mocks of one type have one ARN: this one is told apart.
  override_resource {
    target          = module.function["accounts"].aws_iam_role.this
    values          = { arn = "arn:aws:iam::123456789012:role/parley/prod/accounts" }
    override_during = plan
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.signing["first"].policy).Statement : statement.Condition if contains(flatten([statement.Action]), "kms:Sign")] == [{ ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/parley/prod/accounts" } }]
    error_message = "Somebody other than the role of accounts may sign."
  }

  assert {
    condition     = !strcontains(jsonencode([for statement in jsondecode(aws_kms_key.signing["first"].policy).Statement : statement.Action]), "*")
    error_message = "The key's policy has a wildcard for an action, which would hold kms:Sign."
  }

  assert {
    condition     = aws_kms_key.signing["first"].customer_master_key_spec == "ECC_NIST_P256" && aws_kms_key.signing["first"].key_usage == "SIGN_VERIFY"
    error_message = "The key cannot sign ES256."
  }

  assert {
    condition     = aws_kms_key.signing["first"].deletion_window_in_days == 30
    error_message = "A key of prod that was removed by mistake is gone too soon."
  }
}

run "a_key_that_nobody_could_verify_is_refused" {
  command = plan

  variables {
    signing_keys = { active = "second", published = ["first"] }
  }

  expect_failures = [var.signing_keys]
}

run "functions_get_the_settings_that_they_read" {
  command = plan

  variables {
    settings = { FANOUT_DEADLINE_MS = "1500" }
  }

  assert {
    condition = module.function["send-message"].environment == tomap({
      RATE_LIMITS         = "on"
      TABLE_MEMBERSHIPS   = "parley-prod-memberships"
      TABLE_MESSAGES      = "parley-prod-messages"
      TABLE_RATES         = "parley-prod-rates"
      TABLE_ROOMS         = "parley-prod-rooms"
      TABLE_SENDS         = "parley-prod-sends"
      TABLE_SUBSCRIPTIONS = "parley-prod-subscriptions"
      PUSH_ENDPOINT       = "https://mockapi.execute-api.us-east-1.amazonaws.com/v1"
      FANOUT_DEADLINE_MS  = "1500"
    })
    error_message = "send-message gets other settings than it reads."
  }

  assert {
    condition     = module.function["authorizer"].environment.ALLOW_URL_TOKEN == "off" && module.function["accounts"].environment.COOKIE_SECURE == "on"
    error_message = "prod takes tokens in URLs, or lets its cookie travel in the clear."
  }

  assert {
    condition     = output.websocket_url == "wss://mockapi.execute-api.us-east-1.amazonaws.com/v1"
    error_message = "The socket is said to be elsewhere."
  }
}

run "a_setting_that_no_function_reads_is_refused" {
  command = plan

  variables {
    settings = { FANOUT_DEADLINE = "1500" }
  }

  expect_failures = [var.settings]
}

run "an_unknown_function_cannot_be_reserved_for" {
  command = plan

  variables {
    reserved_concurrency = { account = 10 }
  }

  expect_failures = [var.reserved_concurrency]
}

run "an_account_id_has_twelve_digits" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}

run "tables_are_protected_and_restorable_in_prod" {
  command = plan

  assert {
    condition     = alltrue([for table in module.table : table.deletion_protection && table.point_in_time_recovery])
    error_message = "A table of prod could be destroyed, or not be restored."
  }

  assert {
    condition     = toset(values(output.table_names)) == toset([for name in ["accounts", "connections", "memberships", "messages", "rates", "rooms", "sends", "subscriptions"] : "parley-prod-${name}"])
    error_message = "A table is missing, or has another environment's name."
  }
}

run "restored_tables_are_taken_over_and_those_of_sockets_stay" {
  command = plan

  # Nothing can be imported from a stand-in.
  override_resource {
    target = module.table["accounts"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["connections"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["memberships"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["messages"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["rates"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["rooms"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["sends"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  override_resource {
    target = module.table["subscriptions"].aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }

  variables {
    table_generation = "-r20261123050000"
    restored_tables  = ["accounts", "memberships", "messages", "rooms", "sends"]
  }

  assert {
    condition = module.function["send-message"].environment == tomap({
      RATE_LIMITS         = "on"
      TABLE_MEMBERSHIPS   = "parley-prod-memberships-r20261123050000"
      TABLE_MESSAGES      = "parley-prod-messages-r20261123050000"
      TABLE_RATES         = "parley-prod-rates"
      TABLE_ROOMS         = "parley-prod-rooms-r20261123050000"
      TABLE_SENDS         = "parley-prod-sends-r20261123050000"
      TABLE_SUBSCRIPTIONS = "parley-prod-subscriptions"
      PUSH_ENDPOINT       = "https://mockapi.execute-api.us-east-1.amazonaws.com/v1"
    })
    error_message = "send-message reads other tables than the restored ones, or forgets who listens."
  }

  assert {
    condition     = toset(values(output.table_names)) == toset(["parley-prod-accounts-r20261123050000", "parley-prod-connections", "parley-prod-memberships-r20261123050000", "parley-prod-messages-r20261123050000", "parley-prod-rates", "parley-prod-rooms-r20261123050000", "parley-prod-sends-r20261123050000", "parley-prod-subscriptions"])
    error_message = "A table is not of the restored generation."
  }
}

run "a_generation_of_tables_begins_with_a_hyphen" {
  command = plan

  variables {
    table_generation = "r20261123050000"
    restored_tables  = ["accounts"]
  }

  expect_failures = [var.table_generation]
}

run "a_generation_is_of_some_tables" {
  command = plan

  variables {
    table_generation = "-r20261123050000"
  }

  expect_failures = [var.table_generation]
}

run "an_unknown_table_was_never_restored" {
  command = plan

  variables {
    restored_tables = ["message"]
  }

  expect_failures = [var.restored_tables]
}

run "the_variables_of_prod_give_no_protection_away" {
  command = plan

  assert {
    condition     = output.table_names != {} && !can(regex("(?m)^\\s*((protected|verify_email|address_limits)\\s*=\\s*false|allow_url_token\\s*=\\s*true|signup\\s*=\\s*\"open\")", "${file("env/prod.tfvars")}${file("env/staging.tfvars")}"))
    error_message = "prod or staging could be destroyed by one command, takes tokens in URLs, or lets in people whom nobody knows."
  }
}

run "roles_stay_within_the_boundary" {
  command = plan

  assert {
    condition     = alltrue([for function in module.function : function.permissions_boundary == "arn:aws:iam::123456789012:policy/parley/parley-prod-boundary"])
    error_message = "A role could be given more than the environment's boundary."
  }
}
