output "api_id" {
  description = "The API's id, of which its host name is made."
  value       = aws_apigatewayv2_api.this.id
}

output "callees" {
  description = "The functions that let the API call them."
  value       = distinct(values(aws_lambda_permission.route)[*].function_name)
}
