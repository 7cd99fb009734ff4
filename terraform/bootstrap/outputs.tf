output "state_bucket" {
  description = "The bucket that holds the state of this account's environments."
  value       = aws_s3_bucket.state.bucket
}

output "deploy_role_arns" {
  description = "The role that deploys each environment, for the jobs of its GitHub environment."
  value       = { for name, environment in module.environment : name => environment.deploy_role_arn }
}

output "plan_role_arn" {
  description = "The role that plans, for the jobs of pull requests."
  value       = aws_iam_role.plan.arn
}
