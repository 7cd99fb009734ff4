# One role for all WebSocket APIs of the account and Region to write their access logs with. It can
# not belong to an environment: two would take it from each other.
resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.api_gateway.arn

  # API Gateway tries the role before it takes it.
  depends_on = [aws_iam_role_policy_attachment.api_gateway]
}

resource "aws_iam_role" "api_gateway" {
  name        = "parley-api-gateway"
  description = "Lets API Gateway write the access logs of its WebSocket APIs."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

# AWS's own, since API Gateway refuses a role that has less.
resource "aws_iam_role_policy_attachment" "api_gateway" {
  role       = aws_iam_role.api_gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
