output "deploy_role_arn" {
  description = "The role that deploys the environment."
  value       = aws_iam_role.deploy.arn
}

output "read_policy_arn" {
  description = "The policy that reads all that the environment is made of, and changes nothing."
  value       = aws_iam_policy.read.arn
}

output "mail_from" {
  description = "The one address that the environment may send mail from; null for none."
  value       = var.mail_from
}
