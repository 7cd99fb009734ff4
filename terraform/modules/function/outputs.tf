output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "invoke_arn" {
  description = "What an API's integration or authorizer calls."
  value       = aws_lambda_function.this.invoke_arn
}

output "role_arn" {
  description = "The function's role."
  value       = aws_iam_role.this.arn
}

output "policy" {
  description = "The role's policy, in JSON."
  value       = aws_iam_role_policy.this.policy
}

output "log_group_name" {
  description = "Where the function logs to."
  value       = aws_cloudwatch_log_group.this.name
}

output "permissions_boundary" {
  description = "The policy that bounds the role."
  value       = aws_iam_role.this.permissions_boundary
}

output "environment" {
  description = "The function's settings."
  value       = one(aws_lambda_function.this.environment[*].variables)
}
