# Values invented for a plan do not outlive it, so this file has a provider of its own.
mock_provider "aws" {
  source = "../../tests/mocks"
}

run "all_of_it_applies" {
  variables {
    name          = "parley-dev"
    bucket        = "parley-dev-site-123456789012-us-east-1"
    directory     = "tests/site"
    websocket_url = "wss://socket.execute-api.us-east-1.amazonaws.com/v1"
    api_domain    = "http.execute-api.us-east-1.amazonaws.com"
  }

  assert {
    condition     = output.url == "https://mock.cloudfront.net" && output.domain_name == "mock.cloudfront.net"
    error_message = "The site is not where CloudFront put it."
  }

  assert {
    condition     = output.bucket == "parley-dev-site-123456789012-us-east-1"
    error_message = "The bucket has another name."
  }
}
