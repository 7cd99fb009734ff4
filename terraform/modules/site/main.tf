locals {
  bucket_origin = "bucket"
  api_origin    = "api"

  # The rest are files.
  api_paths = ["/.well-known/*", "/ping", "/v1/*"]

  # AWS's own policies have the same ids in every account.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  caching_optimized             = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  caching_disabled              = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_68:A firewall costs more than all the rest; the API has its throttles and accounts its own limits.
  #checkov:skip=CKV_AWS_86:The API has an access log of its own; the rest is the same public files for everyone.
  #checkov:skip=CKV_AWS_174:With CloudFront's own certificate CloudFront sets the version itself; with one of the team's it is TLSv1.2_2021.
  #checkov:skip=CKV_AWS_310:There is one Region, so there is no second origin.
  #checkov:skip=CKV_AWS_374:A team's people may be anywhere.
  #checkov:skip=CKV2_AWS_42:A domain of one's own is the team's to have: var.domain.
  #checkov:skip=CKV2_AWS_47:There is no firewall, and nothing here runs Java.
  comment             = "The site and the HTTP API of ${var.name}."
  enabled             = true
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  aliases             = var.domain[*].name
  default_root_object = "index.html"

  origin {
    origin_id                = local.bucket_origin
    domain_name              = aws_s3_bucket.this.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  origin {
    origin_id   = local.api_origin
    domain_name = var.api_domain

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id           = local.bucket_origin
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    compress                   = true

    # Not as the distribution's error page, which would also make HTML of the API's errors.
    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.page.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.api_paths

    content {
      path_pattern     = ordered_cache_behavior.value
      target_origin_id = local.api_origin
      allowed_methods  = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods   = ["GET", "HEAD"]
      # Not a redirect: it would take a password in the clear, and then work.
      viewer_protocol_policy     = "https-only"
      cache_policy_id            = local.caching_disabled
      origin_request_policy_id   = local.all_viewer_except_host_header
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = one(var.domain[*].certificate_arn)
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "${var.name}-site"
  description                       = "Signs what CloudFront asks of the bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_function" "page" {
  name    = "${var.name}-page"
  comment = "A path that names no file is the page."
  runtime = "cloudfront-js-2.0"
  code    = file("${path.module}/page.js")
}
