locals {
  # No earlier instant knows which sockets are open: their tables stay when the others are restored.
  restored_tables  = toset([for name, table in local.tables : name if try(table.restored, true)])
  table_generation = var.table_generation == null ? "" : var.table_generation
  table_names = {
    for name in keys(local.tables) : name => "${local.prefix}-${name}${contains(local.restored_tables, name) ? local.table_generation : ""}"
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
  for_each = toset([for name in keys(local.tables) : name if var.table_generation != null])
  to       = module.table[each.key].aws_dynamodb_table.this
  id       = local.table_names[each.key]
}
