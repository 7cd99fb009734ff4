mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

override_resource {
  target          = aws_cloudfront_origin_access_control.this
  override_during = plan
  values          = { id = "mockcontrol" }
}

override_resource {
  target          = aws_cloudfront_response_headers_policy.this
  override_during = plan
  values          = { id = "mockheaders" }
}

variables {
  name          = "parley-dev"
  bucket        = "parley-dev-site-123456789012-us-east-1"
  directory     = "tests/site"
  websocket_url = "wss://socket.execute-api.us-east-1.amazonaws.com/v1"
  api_domain    = "http.execute-api.us-east-1.amazonaws.com"
}

run "only_this_distribution_reads_the_bucket" {
  command = plan

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "Site"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = ["s3:GetObject", "s3:ListBucket"]
      Resource  = ["arn:aws:s3:::mock", "arn:aws:s3:::mock/*"]
      Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/MOCK" } }
    }]
    error_message = "The bucket's policy lets in more than this distribution, or less than it needs."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls
      && aws_s3_bucket_public_access_block.this.block_public_policy
      && aws_s3_bucket_public_access_block.this.ignore_public_acls
      && aws_s3_bucket_public_access_block.this.restrict_public_buckets
      && one(aws_s3_bucket_ownership_controls.this.rule[*].object_ownership) == "BucketOwnerEnforced"
    )
    error_message = "The bucket could be made public."
  }

  assert {
    condition = (
      one([for origin in aws_cloudfront_distribution.this.origin : origin.origin_access_control_id if origin.domain_name == "mock.s3.us-east-1.amazonaws.com"]) == "mockcontrol"
      && aws_cloudfront_origin_access_control.this.signing_behavior == "always"
    )
    error_message = "CloudFront does not sign what it asks of the bucket."
  }
}

run "files_have_their_type_and_their_time" {
  command = plan

  assert {
    condition = { for file, object in aws_s3_object.file : file => [object.key, object.content_type, object.cache_control] } == {
      "assets.json"               = ["assets.json", "application/json", "no-cache"]
      "assets/index-B1c2D3e4.css" = ["assets/index-B1c2D3e4.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"]
      "assets/index-F5g6H7i8.js"  = ["assets/index-F5g6H7i8.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"]
      "favicon.svg"               = ["favicon.svg", "image/svg+xml", "no-cache"]
    }
    error_message = "A file is missing, is one too many, or has a wrong type or a wrong time to be kept."
  }

  assert {
    condition = [for object in [aws_s3_object.page, aws_s3_object.config] : [object.key, object.content_type, object.cache_control]] == [
      ["index.html", "text/html; charset=utf-8", "no-cache"],
      ["config.json", "application/json", "no-cache"],
    ]
    error_message = "The page or its configuration has a wrong name, a wrong type or a wrong time to be kept."
  }

  assert {
    condition     = aws_s3_object.page.etag == "8b8a2d0034c20feea155196cf0b0fdd8"
    error_message = "A changed page would not be noticed."
  }

  assert {
    condition     = jsondecode(aws_s3_object.config.content) == { websocketUrl = "wss://socket.execute-api.us-east-1.amazonaws.com/v1" }
    error_message = "config.json does not tell the page where its socket is."
  }
}

run "only_files_fall_back_to_the_page" {
  command = plan

  assert {
    condition = (
      [for call in one(aws_cloudfront_distribution.this.default_cache_behavior).function_association : [call.event_type, call.function_arn]] == [["viewer-request", "arn:aws:cloudfront::123456789012:function/mock"]]
      && one(aws_cloudfront_distribution.this.default_cache_behavior).target_origin_id == "bucket"
    )
    error_message = "A path of the client's own would be a missing file."
  }

  assert {
    condition = (
      alltrue([for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : length(behavior.function_association) == 0])
      && length(aws_cloudfront_distribution.this.custom_error_response) == 0
    )
    error_message = "An error of the API would become HTML."
  }
}

run "the_api_is_reached_and_not_cached" {
  command = plan

  assert {
    condition = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern if(
      behavior.target_origin_id == "api"
      && behavior.viewer_protocol_policy == "https-only"
      && length(behavior.allowed_methods) == 7
      && behavior.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
      && behavior.origin_request_policy_id == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    )] == ["/.well-known/*", "/ping", "/v1/*"]
    error_message = "An API path is cached, redirected, or goes elsewhere."
  }

  assert {
    condition     = [for origin in aws_cloudfront_distribution.this.origin : one(origin.custom_origin_config).origin_protocol_policy if origin.origin_id == "api" && origin.domain_name == "http.execute-api.us-east-1.amazonaws.com"] == ["https-only"]
    error_message = "The API is not asked over HTTPS at its own host."
  }

  # A route that no pattern covers would be answered with HTML.
  assert {
    condition = alltrue([
      for path in [for route in flatten(values(jsondecode(file("../../functions.tf.json")).locals.functions)[*].routes) : split(" ", route)[1] if strcontains(route, "/")] :
      anytrue([for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : can(regex("^${replace(replace(behavior.path_pattern, ".", "[.]"), "*", ".*")}$", path))])
    ])
    error_message = "functions.tf.json has an HTTP route that the site does not pass on: add its path to api_paths."
  }
}

run "every_answer_is_hardened" {
  command = plan

  assert {
    condition = (
      distinct(concat(aws_cloudfront_distribution.this.default_cache_behavior[*].response_headers_policy_id, aws_cloudfront_distribution.this.ordered_cache_behavior[*].response_headers_policy_id))
      == tolist(["mockheaders"])
    )
    error_message = "Some answers go without the security headers."
  }

  # The same page on the laptop lives under the same policy, but for the socket's origin.
  assert {
    condition = (
      replace(one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy).content_security_policy, " wss://socket.execute-api.us-east-1.amazonaws.com;", ";")
      == replace(regex("POLICY: &str = \"([^\"]+)\"", file("../../../lambdas/laptop/src/site.rs"))[0], "/\\\\\n +/", "")
    )
    error_message = "The policy is not the laptop's with the socket's origin."
  }

  assert {
    condition     = strcontains(one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy).content_security_policy, "; connect-src 'self' wss://socket.execute-api.us-east-1.amazonaws.com; ")
    error_message = "The page may not open its socket."
  }

  assert {
    condition = (
      one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).strict_transport_security).access_control_max_age_sec == 31536000
      && one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).referrer_policy).referrer_policy == "no-referrer"
      && one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).frame_options).frame_option == "DENY"
      && length(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_type_options) == 1
      && [for header in one(aws_cloudfront_response_headers_policy.this.custom_headers_config).items : header.value if header.header == "Cross-Origin-Opener-Policy"] == ["same-origin"]
    )
    error_message = "A security header is missing or weaker."
  }
}

run "without_a_domain_cloudfront_gives_its_own" {
  command = plan

  assert {
    condition     = one(aws_cloudfront_distribution.this.viewer_certificate).cloudfront_default_certificate && length(aws_cloudfront_distribution.this.aliases) == 0
    error_message = "The site has a domain that nobody asked for."
  }
}

run "a_domain_of_ones_own" {
  command = plan

  variables {
    domain = {
      name            = "chat.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    }
  }

  assert {
    condition = (
      output.url == "https://chat.example.com"
      && aws_cloudfront_distribution.this.aliases == toset(["chat.example.com"])
      && one(aws_cloudfront_distribution.this.viewer_certificate).acm_certificate_arn == var.domain.certificate_arn
      && one(aws_cloudfront_distribution.this.viewer_certificate).minimum_protocol_version == "TLSv1.2_2021"
      && one(aws_cloudfront_distribution.this.viewer_certificate).ssl_support_method == "sni-only"
    )
    error_message = "The domain is not served with its certificate and TLS 1.2."
  }
}

run "a_certificate_of_another_region_is_refused" {
  command = plan

  variables {
    domain = {
      name            = "chat.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    }
  }

  expect_failures = [var.domain]
}

run "a_client_not_built_is_refused" {
  command = plan

  variables {
    directory = "tests"
  }

  expect_failures = [var.directory]
}

run "a_socket_in_the_clear_is_refused" {
  command = plan

  variables {
    websocket_url = "ws://socket.example.com/v1"
  }

  expect_failures = [var.websocket_url]
}

run "an_emulated_socket_is_not" {
  command = plan

  variables {
    websocket_url = "ws://127.0.0.1:4566/_aws/execute-api/socket/v1"
  }

  assert {
    condition     = strcontains(one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy).content_security_policy, "connect-src 'self' ws://127.0.0.1:4566; ")
    error_message = "The page may not open the emulated socket."
  }
}

run "an_api_with_a_path_is_refused" {
  command = plan

  variables {
    api_domain = "https://http.execute-api.us-east-1.amazonaws.com"
  }

  expect_failures = [var.api_domain]
}

run "a_kind_of_file_without_a_type_is_refused" {
  command = plan

  variables {
    directory = "tests/odd"
  }

  expect_failures = [aws_s3_object.file]
}
