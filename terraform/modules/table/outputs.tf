output "name" {
  description = "The table's name."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN; that of an index is this with `/index/<name>`."
  value       = aws_dynamodb_table.this.arn
}

output "deletion_protection" {
  description = "Whether the table withstands a destroy."
  value       = aws_dynamodb_table.this.deletion_protection_enabled
}

output "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of its last 35 days."
  value       = one(aws_dynamodb_table.this.point_in_time_recovery[*].enabled)
}
