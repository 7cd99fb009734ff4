output "url" {
  description = "Where people open the chat."
  value       = "https://${var.domain == null ? aws_cloudfront_distribution.this.domain_name : var.domain.name}"
}

output "domain_name" {
  description = "The host that CloudFront gave: what the DNS record of a domain of one's own points to."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution_id" {
  description = "The distribution's id, for metrics and invalidations."
  value       = aws_cloudfront_distribution.this.id
}

output "bucket" {
  description = "The bucket of the site's files."
  value       = aws_s3_bucket.this.bucket
}
