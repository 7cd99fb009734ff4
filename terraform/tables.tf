locals {
  table_names = {
    for name in keys(local.tables) : name => "${local.prefix}-${name}${contains(var.restored_tables, name) ? var.table_generation : ""}"
  }
}

module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name                = local.table_names[each.key]
  hash_key            = each.value.hash_key
  range_key           = try(each.value.range_key, null)
  indexes             = try(each.value.indexes, {})
  ttl_attribute       = try(each.value.ttl_attribute, null)
  deletion_protection = var.protected
}

# `make restore` takes the tables out of the state, and the next deploy takes the restored ones in:
# that way none is replaced. One that is in the state already is left alone.
import {
  for_each = var.restored_tables
  to       = module.table[each.key].aws_dynamodb_table.this
  id       = local.table_names[each.key]
}
