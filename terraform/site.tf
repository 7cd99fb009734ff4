locals {
  site_url = coalesce(var.site_url, module.site.url)
}

module "site" {
  source = "./modules/site"

  name          = local.prefix
  bucket        = "${local.prefix}-site-${var.account_id}-${var.region}"
  directory     = var.site_dir
  websocket_url = local.websocket_url
  api_domain    = local.http_api_host
  domain        = var.domain
}
