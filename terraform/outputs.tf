output "http_url" {
  description = "The HTTP API at its own address; the site serves it too."
  value       = local.http_url
}

output "websocket_url" {
  description = "The socket, without its query."
  value       = local.websocket_url
}

output "function_names" {
  description = "The functions' names on AWS, by their names here."
  value       = { for name, function in module.function : name => function.name }
}

output "log_groups" {
  description = "Where the functions log to, by their names here."
  value       = { for name, function in module.function : name => function.log_group_name }
}

output "table_names" {
  description = "The tables' names on AWS, by their names here."
  value       = { for name, table in module.table : name => table.name }
}

output "signing_key_names" {
  description = "The aliases of the keys of access tokens: the one that signs, and all that verify."
  value = {
    active    = aws_kms_alias.signing[var.signing_keys.active].name
    published = values(aws_kms_alias.signing)[*].name
  }
}
