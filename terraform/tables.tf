module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name                = "${local.prefix}-${each.key}"
  hash_key            = each.value.hash_key
  range_key           = try(each.value.range_key, null)
  indexes             = try(each.value.indexes, {})
  ttl_attribute       = try(each.value.ttl_attribute, null)
  deletion_protection = var.protected
}
