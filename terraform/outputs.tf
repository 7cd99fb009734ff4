output "site_url" {
  description = "Where people open the chat."
  value       = local.site_url
}

output "site_domain" {
  description = "The host that CloudFront gave: what the DNS record of a domain of one's own points to."
  value       = module.site.domain_name
}

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

output "admin_function_name" {
  description = "The function that `parley admin` invokes. Who may is said by the policies of people, not here."
  value       = module.function["admin"].name
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

output "mail_dns_records" {
  description = "The DNS records by which the domain says that SES may send for it; none for an address, or without mail. In the Regions that have a DKIM domain of their own, the value ends in that."
  value = [for token in local.mail_dkim_tokens : {
    type  = "CNAME"
    name  = "${token}._domainkey.${local.mail_identity}"
    value = "${token}.dkim.amazonses.com"
  }]
}

output "dashboard_name" {
  description = "The dashboard, in CloudWatch's console."
  value       = module.observability.dashboard_name
}

output "alarm_topic_arn" {
  description = "Where alarms are published, for subscribers other than the e-mail; null where nobody is to hear of them."
  value       = module.observability.topic_arn
}
