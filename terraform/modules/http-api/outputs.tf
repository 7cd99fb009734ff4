output "api_id" {
  description = "The API's id, of which its host name is made."
  value       = aws_apigatewayv2_api.this.id
}
