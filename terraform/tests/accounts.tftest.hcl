# Who gets in: sign-up, mail and others' tokens, and the rights that they need.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
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

run "nothing_is_open_unless_it_is_said" {
  command = plan

  assert {
    condition = { for name, value in module.function["accounts"].environment : name => value if !contains(["PUBLIC_KEYS", "SIGNING_KEY_ID"], name) } == {
      ADDRESS_LIMITS    = "on"
      ALLOWED_ORIGINS   = "https://mock.cloudfront.net"
      COOKIE_SECURE     = "on"
      PUSH_ENDPOINT     = "https://mockapi.execute-api.us-east-1.amazonaws.com/v1"
      RATE_LIMITS       = "on"
      SIGNUP            = "closed"
      SITE_URL          = "https://mock.cloudfront.net"
      TABLE_ACCOUNTS    = "parley-prod-accounts"
      TABLE_CONNECTIONS = "parley-prod-connections"
      TRUSTED_PROXIES   = "1"
      VERIFY_EMAIL      = "on"
    }
    error_message = "accounts is told something else than that everything is closed and limited."
  }

  assert {
    condition = { for name, value in module.function["authorizer"].environment : name => value if name != "PUBLIC_KEYS" } == {
      ALLOWED_ORIGINS = "https://mock.cloudfront.net"
      ALLOW_URL_TOKEN = "off"
      TABLE_ACCOUNTS  = "parley-prod-accounts"
    }
    error_message = "The authorizer lets in others than the site and its own people."
  }

  assert {
    condition     = length(aws_sesv2_email_identity.this) == 0 && output.mail_dns_records == []
    error_message = "An identity is made that nobody asked for."
  }

  assert {
    condition     = !strcontains(join("", values(module.function)[*].policy), "ses:")
    error_message = "A function may send mail although there is none."
  }
}

run "accounts_alone_sends_and_from_one_address" {
  command = plan

  variables {
    mail   = { from = "parley@chat.example.com" }
    signup = "open"
  }

  assert {
    condition = {
      for name, function in module.function : name => [
        for statement in jsondecode(function.policy).Statement : statement if strcontains(jsonencode(statement), "ses:")
      ] if strcontains(function.policy, "ses:")
      } == { accounts = [{
        Effect    = "Allow"
        Action    = ["ses:SendEmail"]
        Resource  = ["arn:aws:ses:us-east-1:123456789012:identity/*"]
        Condition = { StringEquals = { "ses:FromAddress" = "parley@chat.example.com" } }
    }] }
    error_message = "Mail can be sent from another address, or by another function."
  }

  assert {
    condition     = module.function["accounts"].environment.MAIL_FROM == "parley@chat.example.com" && module.function["accounts"].environment.SIGNUP == "open"
    error_message = "accounts does not know what it sends from, or who may sign up."
  }

  assert {
    condition     = aws_sesv2_email_identity.this[0].email_identity == "chat.example.com" && aws_sesv2_email_identity.this[0].configuration_set_name == null
    error_message = "SES is asked to verify something else than the address's domain."
  }

  assert {
    condition = output.mail_dns_records == [
      for token in ["one", "two", "three"] : { type = "CNAME", name = "${token}._domainkey.chat.example.com", value = "${token}.dkim.amazonses.com" }
    ]
    error_message = "Nobody could tell which DNS records the domain needs."
  }
}

run "an_address_alone_has_no_dns_records" {
  command = plan

  variables {
    mail = { from = "parley@example.com", identity = "parley@example.com" }
  }

  assert {
    condition     = aws_sesv2_email_identity.this[0].email_identity == "parley@example.com" && output.mail_dns_records == []
    error_message = "An address is taken for a domain."
  }
}

run "an_identity_that_is_there_already_is_used" {
  command = plan

  variables {
    mail = { from = "parley@chat.example.com", identity = "example.com", shared = true }
  }

  assert {
    condition     = length(aws_sesv2_email_identity.this) == 0 && module.function["accounts"].environment.MAIL_FROM == "parley@chat.example.com"
    error_message = "An identity is made twice, or not used."
  }
}

run "the_secrets_of_others_are_for_the_authorizer_alone" {
  command = plan

  assert {
    condition = {
      for name, function in module.function : name => [
        for statement in jsondecode(function.policy).Statement : statement if strcontains(jsonencode(statement), "ssm:")
      ] if strcontains(function.policy, "ssm:")
      } == { authorizer = [{
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/parley/prod/issuers/*"]
    }] }
    error_message = "A function other than the authorizer reads parameters, or it reads others than the issuers'."
  }
}

run "other_issuers_and_origins_are_told" {
  command = plan

  variables {
    allowed_origins = ["https://wiki.example.com", "https://intranet.example.com:8443"]
    trusted_issuers = [
      { namespace = "intranet", issuer = "https://intranet.example", audience = "parley", secret_parameter = "/parley/prod/issuers/intranet" },
      { namespace = "sso", issuer = "https://sso.example/", audience = "chat", name_claim = "preferred_username", jwks_url = "https://sso.example/keys" },
      { namespace = "ci", issuer = "ci", audience = "chat", public_key_pem = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n" },
    ]
  }

  assert {
    condition = jsondecode(module.function["authorizer"].environment.TRUSTED_ISSUERS) == [
      { namespace = "intranet", issuer = "https://intranet.example", audience = "parley", nameClaim = "username", secretParameter = "/parley/prod/issuers/intranet" },
      { namespace = "sso", issuer = "https://sso.example/", audience = "chat", nameClaim = "preferred_username", jwksUrl = "https://sso.example/keys" },
      { namespace = "ci", issuer = "ci", audience = "chat", nameClaim = "username", publicKeyPem = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n" },
    ]
    error_message = "The authorizer is told of other issuers than these."
  }

  assert {
    condition     = [for name, function in module.function : name if can(function.environment.TRUSTED_ISSUERS)] == ["authorizer"]
    error_message = "A function that trusts nobody is told whom to trust."
  }

  assert {
    condition = {
      for name, function in module.function : name => function.environment.ALLOWED_ORIGINS if can(function.environment.ALLOWED_ORIGINS)
    } == { for name in ["accounts", "authorizer"] : name => "https://mock.cloudfront.net https://intranet.example.com:8443 https://wiki.example.com" }
    error_message = "Other pages than these, and the site's own, are let in."
  }
}

run "links_lead_to_the_domain_of_ones_own" {
  command = plan

  variables {
    domain = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/x" }
  }

  assert {
    condition     = alltrue([for name in ["accounts", "admin"] : module.function[name].environment.SITE_URL == "https://chat.example.com"])
    error_message = "Links in mails lead elsewhere than to the site."
  }

  assert {
    condition     = module.function["authorizer"].environment.ALLOWED_ORIGINS == "https://chat.example.com"
    error_message = "The site's own page is not let in."
  }
}

run "the_domains_that_may_sign_up_are_told" {
  command = plan

  variables {
    mail           = { from = "parley@example.com" }
    signup         = "domain"
    signup_domains = ["example.org", "example.com"]
  }

  assert {
    condition     = [module.function["accounts"].environment.SIGNUP, module.function["accounts"].environment.SIGNUP_DOMAINS] == ["domain", "example.com example.org"]
    error_message = "accounts lets in others than these domains."
  }
}

run "only_people_invoke_admin" {
  command = plan

  assert {
    condition     = output.admin_function_name == "parley-prod-admin"
    error_message = "The command line would look for another function."
  }

  assert {
    condition = toset(concat(module.websocket_api.callees, module.http_api.callees)) == toset([
      for name in keys(local.functions) : "parley-prod-${name}" if name != "admin"
    ])
    error_message = "API Gateway may invoke admin: whoever finds the route is an administrator."
  }
}

run "settings_are_for_tuning_only" {
  command = plan

  variables {
    mail            = { from = "parley@example.com" }
    signup          = "domain"
    signup_domains  = ["example.com"]
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", secret_parameter = "/parley/prod/issuers/i" }]
  }

  assert {
    condition     = toset(keys(merge(local.derived_settings, local.optional_settings))) == toset(local.own_settings)
    error_message = "own_settings is not what Terraform works out: settings could override one, or could not set another."
  }

  # A name in functions.tf.json that is said nowhere would never reach its function.
  assert {
    condition = toset(setsubtract(flatten(values(local.functions)[*].env), local.own_settings)) == toset([
      "FANOUT_DEADLINE_MS", "FANOUT_IN_FLIGHT", "FANOUT_POST_TIMEOUT_MS", "FANOUT_REAP_GRACE_MS", "HANDOVER_AFTER_MS", "ROOM_QUEUE",
    ])
    error_message = "settings takes other names than those for tuning."
  }
}

run "a_key_cannot_be_slipped_in_by_settings" {
  command = plan

  variables {
    settings = { PUBLIC_KEYS = "[]" }
  }

  expect_failures = [var.settings]
}

run "an_origin_cannot_be_slipped_in_by_settings" {
  command = plan

  variables {
    settings = { ALLOWED_ORIGINS = "https://evil.example" }
  }

  expect_failures = [var.settings]
}

run "limits_cannot_be_lifted_by_settings" {
  command = plan

  variables {
    settings = { RATE_LIMITS = "off" }
  }

  expect_failures = [var.settings]
}

run "an_unknown_kind_of_sign_up_is_refused" {
  command = plan

  variables {
    signup       = "invited"
    verify_email = false
  }

  expect_failures = [var.signup]
}

run "open_sign_up_that_needs_mail_is_refused_without" {
  command = plan

  variables {
    signup = "open"
  }

  expect_failures = [var.signup]
}

run "sign_up_by_domain_is_refused_without_mail" {
  command = plan

  variables {
    signup         = "domain"
    signup_domains = ["example.com"]
  }

  expect_failures = [var.signup]
}

run "sign_up_by_domain_is_refused_without_confirmation" {
  command = plan

  variables {
    mail           = { from = "parley@example.com" }
    signup         = "domain"
    signup_domains = ["example.com"]
    verify_email   = false
  }

  expect_failures = [var.signup]
}

run "sign_up_by_domain_is_refused_without_a_domain" {
  command = plan

  variables {
    mail   = { from = "parley@example.com" }
    signup = "domain"
  }

  expect_failures = [var.signup_domains]
}

run "domains_beside_open_sign_up_are_refused" {
  command = plan

  variables {
    mail           = { from = "parley@example.com" }
    signup         = "open"
    signup_domains = ["example.com"]
  }

  expect_failures = [var.signup_domains]
}

run "a_domain_that_is_an_address_is_refused" {
  command = plan

  variables {
    mail           = { from = "parley@example.com" }
    signup         = "domain"
    signup_domains = ["@example.com"]
  }

  expect_failures = [var.signup_domains]
}

run "a_from_with_a_name_is_refused" {
  command = plan

  variables {
    mail = { from = "Parley <parley@example.com>" }
  }

  expect_failures = [var.mail]
}

run "an_identity_of_another_domain_is_refused" {
  command = plan

  variables {
    mail = { from = "parley@example.com", identity = "ample.com" }
  }

  expect_failures = [var.mail]
}

run "an_origin_with_a_path_is_refused" {
  command = plan

  variables {
    allowed_origins = ["https://intranet.example.com/"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_in_the_clear_is_refused" {
  command = plan

  variables {
    allowed_origins = ["http://intranet.example.com"]
  }

  expect_failures = [var.allowed_origins]
}

run "a_wildcard_for_origins_is_refused" {
  command = plan

  variables {
    allowed_origins = ["https://*.example.com"]
  }

  expect_failures = [var.allowed_origins]
}

run "a_site_url_with_a_path_is_refused" {
  command = plan

  variables {
    site_url = "https://chat.example.com/"
  }

  expect_failures = [var.site_url]
}

run "a_namespace_with_a_slash_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "in/tranet", issuer = "i", audience = "a", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "a_namespace_in_capitals_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "Intranet", issuer = "i", audience = "a", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "two_issuers_of_one_namespace_are_refused" {
  command = plan

  variables {
    trusted_issuers = [for issuer in ["i", "j"] : { namespace = "intranet", issuer = issuer, audience = "a", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "one_issuer_of_two_namespaces_is_refused" {
  command = plan

  variables {
    trusted_issuers = [for name in ["i", "j"] : { namespace = name, issuer = "i", audience = "a", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "an_issuer_without_an_audience_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "an_issuer_that_is_the_chat_itself_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "parley", audience = "a", jwks_url = "https://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "an_issuer_without_a_key_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "an_issuer_with_two_keys_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", jwks_url = "https://i.example/keys", secret_parameter = "/parley/prod/issuers/i" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "keys_in_the_clear_are_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", jwks_url = "http://i.example/keys" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "half_a_key_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "ci", issuer = "ci", audience = "chat", public_key_pem = "-----BEGIN PUBLIC KEY-----\nMFkw" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "a_private_key_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", public_key_pem = "-----BEGIN PRIVATE KEY-----\nx\n" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "a_secret_of_another_environment_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", secret_parameter = "/parley/dev/issuers/i" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "a_secret_outside_the_path_is_refused" {
  command = plan

  variables {
    trusted_issuers = [{ namespace = "intranet", issuer = "i", audience = "a", secret_parameter = "/parley/prod/issuers/../db" }]
  }

  expect_failures = [var.trusted_issuers]
}

run "more_issuers_than_a_function_can_be_told_are_refused" {
  command = plan

  variables {
    trusted_issuers = [for number in range(30) : { namespace = "n${number}", issuer = "i${number}", audience = "a", jwks_url = "https://i.example/keys-of-a-long-name" }]
  }

  expect_failures = [var.trusted_issuers]
}
