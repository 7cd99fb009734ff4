# Plans only: what protects the state from a destroy would stop a test from cleaning up, too.
mock_provider "aws" {
  override_during = plan

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/parley/mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
}

# A mocked provider has nothing to adopt a bucket from.
override_resource {
  override_during = plan
  target          = aws_s3_bucket.state
  values          = { arn = "arn:aws:s3:::mock" }
}

variables {
  account_id   = "123456789012"
  region       = "eu-central-1"
  repository   = "example/chat"
  environments = ["dev", "prod"]
}

run "state" {
  command = plan

  assert {
    condition     = aws_s3_bucket.state.bucket == "parley-state-123456789012-eu-central-1"
    error_message = "scripts/stage looks for the state elsewhere."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.state.versioning_configuration).status == "Enabled"
    error_message = "Without versions there is no way back from a damaged state."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.state.block_public_acls,
      aws_s3_bucket_public_access_block.state.block_public_policy,
      aws_s3_bucket_public_access_block.state.ignore_public_acls,
      aws_s3_bucket_public_access_block.state.restrict_public_buckets,
    ])
    error_message = "The state could be made public."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.state.policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::mock", "arn:aws:s3:::mock/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The bucket takes requests without TLS, or grants something."
  }
}

run "trust" {
  command = plan

  assert {
    condition = { for job, policy in local.trust : job => jsondecode(policy).Statement } == {
      for job in ["pull_request", "environment:dev", "environment:prod"] : job => [{
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = "repo:example/chat:${job}"
          }
        }
      }]
    }
    error_message = "A role is open to other jobs than its own, or not to those."
  }

  assert {
    condition     = aws_iam_role.plan.assume_role_policy == local.trust["pull_request"]
    error_message = "The role that plans is not the pull requests'."
  }

  assert {
    condition     = keys(aws_iam_role_policy_attachment.plan) == ["dev", "prod"]
    error_message = "The role that plans does not read just the environments of this account."
  }
}

run "a_provider_that_is_there_is_used" {
  command = plan

  variables {
    account_id             = "210987654321"
    github_provider_exists = true
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account has one such provider at most."
  }

  assert {
    condition     = one(jsondecode(local.trust["pull_request"]).Statement).Principal.Federated == "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com"
    error_message = "The roles do not trust the provider that is there."
  }
}

run "a_repository_with_ids" {
  command = plan

  variables {
    repository             = "example@1234/chat@5678"
    github_provider_exists = true
  }

  assert {
    condition     = one(jsondecode(local.trust["environment:dev"]).Statement).Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:example@1234/chat@5678:environment:dev"
    error_message = "The ids of the repository are not in the subject."
  }
}

run "a_repository_without_an_owner_is_refused" {
  command = plan

  variables {
    repository = "chat"
  }

  expect_failures = [var.repository]
}

run "a_pattern_of_repositories_is_refused" {
  command = plan

  variables {
    repository = "example/*"
  }

  expect_failures = [var.repository]
}

run "a_repository_with_half_its_ids_is_refused" {
  command = plan

  variables {
    repository = "example@1234/chat"
  }

  expect_failures = [var.repository]
}

run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environments = ["dev", "test"]
  }

  expect_failures = [var.environments]
}

run "an_address_for_an_unknown_environment_is_refused" {
  command = plan

  variables {
    mail_from = { test = "parley@example.com" }
  }

  expect_failures = [var.mail_from]
}

run "a_pattern_of_addresses_is_refused" {
  command = plan

  variables {
    mail_from = { prod = "*@example.com" }
  }

  expect_failures = [var.mail_from]
}

run "each_environment_has_its_own_address" {
  command = plan

  variables {
    mail_from = { prod = "parley@example.com" }
  }

  assert {
    condition     = [for name in ["dev", "prod"] : coalesce(module.environment[name].mail_from, "none")] == ["none", "parley@example.com"]
    error_message = "An environment may send from another's address."
  }
}

run "an_account_id_with_a_wrong_length_is_refused" {
  command = plan

  variables {
    account_id = "12345678901"
  }

  expect_failures = [var.account_id]
}
