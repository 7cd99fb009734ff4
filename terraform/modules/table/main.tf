locals {
  keys = concat(
    [var.hash_key],
    var.range_key[*],
    flatten([for index in var.indexes : concat([index.hash_key], index.range_key[*])]),
  )
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_119:Encrypted with DynamoDB's own key; a customer's key would need grants that nothing here can test.
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key.name
  range_key                   = one(var.range_key[*].name)
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = { for key in local.keys : key.name => key.type... }

    content {
      name = attribute.key
      type = one(distinct(attribute.value))
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key.name
      range_key       = one(global_secondary_index.value.range_key[*].name)
      projection_type = global_secondary_index.value.projection
    }
  }

  dynamic "ttl" {
    for_each = var.ttl_attribute[*]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }
}
