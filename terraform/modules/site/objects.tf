# The built client, one object per file.
locals {
  # The build's own config.json is the laptop's.
  files = setsubtract(fileset(var.directory, "**"), ["config.json", "index.html"])

  extensions = { for file in local.files : file => reverse(split(".", file))[0] }

  content_types = {
    css         = "text/css; charset=utf-8"
    html        = "text/html; charset=utf-8"
    ico         = "image/x-icon"
    js          = "text/javascript; charset=utf-8"
    json        = "application/json"
    map         = "application/json"
    png         = "image/png"
    svg         = "image/svg+xml"
    txt         = "text/plain; charset=utf-8"
    webmanifest = "application/manifest+json"
    webp        = "image/webp"
    woff2       = "font/woff2"
  }

  # The names under assets/ carry a hash of their content. `no-cache` means: ask each time whether it
  # is still the same.
  cache_hashed = "public, max-age=31536000, immutable"
  cache_other  = "no-cache"

  config = jsonencode({ websocketUrl = var.websocket_url })
}

resource "aws_s3_object" "file" {
  for_each = local.files

  bucket        = aws_s3_bucket.this.bucket
  key           = each.value
  source        = "${var.directory}/${each.value}"
  etag          = filemd5("${var.directory}/${each.value}")
  content_type  = local.content_types[local.extensions[each.value]]
  cache_control = startswith(each.value, "assets/") ? local.cache_hashed : local.cache_other

  lifecycle {
    precondition {
      condition     = contains(keys(local.content_types), local.extensions[each.value])
      error_message = "${each.value}: this kind of file has no content type in ${path.module}/objects.tf; add it there."
    }
  }
}

resource "aws_s3_object" "config" {
  bucket        = aws_s3_bucket.this.bucket
  key           = "config.json"
  content       = local.config
  etag          = md5(local.config)
  content_type  = local.content_types["json"]
  cache_control = local.cache_other
}

resource "aws_s3_object" "page" {
  bucket        = aws_s3_bucket.this.bucket
  key           = "index.html"
  source        = "${var.directory}/index.html"
  etag          = filemd5("${var.directory}/index.html")
  content_type  = local.content_types["html"]
  cache_control = local.cache_other

  # The page goes up last: whoever gets it finds everything that it asks for.
  depends_on = [aws_s3_object.config, aws_s3_object.file]
}
