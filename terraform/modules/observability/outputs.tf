output "topic_arn" {
  description = "Where alarms and budget are published, for subscribers other than the e-mail; null where nobody is to hear of them."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "dashboard_name" {
  description = "The dashboard, in CloudWatch's console."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
