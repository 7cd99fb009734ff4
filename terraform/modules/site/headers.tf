# What every answer carries, the API's too. What an answer says of itself stands.
resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:includeSubDomains and preload would bind the neighbours under the team's domain, which are none of the site's business.
  name    = "${var.name}-site"
  comment = "Security headers of ${var.name}."

  security_headers_config {
    # The laptop's policy (lambdas/laptop/src/site.rs) with the socket's origin, which is another one here.
    content_security_policy {
      content_security_policy = join("; ", [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self' ${regex("^wss?://[^/]+", var.websocket_url)}",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ])
      override = false
    }

    content_type_options {
      override = false
    }

    # As frame-ancestors says, for whoever does not read it.
    frame_options {
      frame_option = "DENY"
      override     = false
    }

    referrer_policy {
      referrer_policy = "no-referrer"
      override        = false
    }

    strict_transport_security {
      access_control_max_age_sec = 31536000
      override                   = false
    }
  }

  # A page that opened this one, or was opened by it, gets no hold of its window.
  custom_headers_config {
    items {
      header   = "Cross-Origin-Opener-Policy"
      value    = "same-origin"
      override = false
    }
  }

  # Which service answered is nobody's business.
  remove_headers_config {
    items {
      header = "Server"
    }
  }
}
