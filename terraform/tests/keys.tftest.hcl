# Applied to a stand-in for AWS: what the functions are told of the keys is known only once these are
# there.

mock_provider "aws" {
  source = "./tests/mocks"
}

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

run "a_rotation_publishes_both_keys_and_signs_with_one" {
  command = apply

  variables {
    signing_keys = { active = "second", published = ["first", "second"] }
  }

  assert {
    condition     = length(aws_kms_key.signing) == 2 && length(jsondecode(local.settings.PUBLIC_KEYS)) == 2
    error_message = "Tokens of the key before would no longer verify."
  }

  assert {
    condition     = output.signing_key_names.active == "alias/parley-prod-signing-second"
    error_message = "The new key does not sign."
  }
}
