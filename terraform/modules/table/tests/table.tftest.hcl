mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name      = "parley-prod-rooms"
  hash_key  = { name = "room", type = "S" }
  range_key = { name = "seq", type = "N" }
}

run "it_is_protected_and_can_be_restored" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "A destroy would take the table."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.point_in_time_recovery[*].enabled)
    error_message = "The table has no point-in-time recovery."
  }

  assert {
    condition     = jsonencode({ for attribute in aws_dynamodb_table.this.attribute : attribute.name => attribute.type }) == jsonencode({ room = "S", seq = "N" })
    error_message = "The table's keys are not those that were asked for."
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table costs something while nobody talks."
  }
}

run "an_index_and_a_ttl" {
  command = plan

  variables {
    ttl_attribute = "expiresAt"
    indexes = {
      by-user = {
        hash_key  = { name = "user", type = "S" }
        range_key = { name = "room", type = "S" }
      }
    }
  }

  assert {
    condition     = one(aws_dynamodb_table.this.global_secondary_index[*].hash_key) == "user" && one(aws_dynamodb_table.this.global_secondary_index[*].range_key) == "room"
    error_message = "The index has other keys."
  }

  assert {
    condition     = jsonencode({ for attribute in aws_dynamodb_table.this.attribute : attribute.name => attribute.type }) == jsonencode({ room = "S", seq = "N", user = "S" })
    error_message = "A key that two of them share is declared twice, or not at all."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.ttl[*].attribute_name) == "expiresAt" && one(aws_dynamodb_table.this.ttl[*].enabled)
    error_message = "Ended items stay for ever."
  }
}

run "a_key_of_an_unknown_type_is_refused" {
  command = plan

  variables {
    range_key = { name = "seq", type = "number" }
  }

  expect_failures = [var.range_key]
}
