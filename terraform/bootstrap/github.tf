locals {
  github = "token.actions.githubusercontent.com"

  github_provider_arn = (
    var.github_provider_exists
    ? "arn:aws:iam::${var.account_id}:oidc-provider/${local.github}"
    : one(aws_iam_openid_connect_provider.github[*].arn)
  )

  # Who may take a role, by what GitHub's token says of the job. Never a pattern: a job of another
  # branch, environment or repository has another subject.
  trust = {
    for job in concat(["pull_request"], [for name in var.environments : "environment:${name}"]) : job => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = local.github_provider_arn }
        Condition = {
          StringEquals = {
            "${local.github}:aud" = "sts.amazonaws.com"
            "${local.github}:sub" = "repo:${var.repository}:${job}"
          }
        }
      }]
    })
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_provider_exists ? 0 : 1

  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}
