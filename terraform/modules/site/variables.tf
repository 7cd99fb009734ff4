variable "name" {
  description = "What everything but the bucket is called, or begins with, as in `parley-dev`."
  type        = string
  nullable    = false
}

variable "bucket" {
  description = "The bucket's name: of all the buckets in the world, so it should hold the account's id."
  type        = string
  nullable    = false
}

variable "directory" {
  description = "The folder of the built client, as scripts/site stages it."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists("${var.directory}/index.html")
    error_message = "There is no ${var.directory}/index.html: build the client and stage it with scripts/site."
  }
}

variable "websocket_url" {
  description = "Where the page finds its socket, as in `wss://abc.execute-api.eu-west-1.amazonaws.com/v1`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(wss://|ws://(127[.]0[.]0[.]1|localhost)[:/])[^/ ;,]+/", var.websocket_url))
    error_message = "The socket's URL begins with wss://, or with ws:// on this very machine, and has a path."
  }
}

variable "api_domain" {
  description = "The host of the HTTP API, as in `abc.execute-api.eu-west-1.amazonaws.com`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.api_domain))
    error_message = "The API's domain is a host alone: no scheme, no port, no path."
  }
}

variable "domain" {
  description = "A domain of the team's own, with the ARN of its certificate in us-east-1; null for the one that CloudFront gives. Its DNS record points to the output `domain_name`."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^arn:aws:acm:us-east-1:[0-9]{12}:certificate/", var.domain.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 only: request the domain's there."
  }
}
