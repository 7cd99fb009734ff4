output "api_id" {
  description = "The API's id. Addresses and ARNs of the stage are built from it and the stage's name: the stage's own attributes need the functions, and these need the addresses."
  value       = aws_apigatewayv2_api.this.id
}

output "stage_name" {
  description = "The stage, once it serves."
  value       = aws_apigatewayv2_stage.this.name
}

output "configuration_hash" {
  description = "Changes with the routes and the authorizer, and deploys them when it does."
  value       = aws_apigatewayv2_deployment.this.triggers.configuration
}

output "callees" {
  description = "The functions that let the API call them."
  value       = distinct(concat(values(aws_lambda_permission.route)[*].function_name, [aws_lambda_permission.authorizer.function_name]))
}
