module "environment" {
  source   = "./environment"
  for_each = var.environments

  environment  = each.key
  account_id   = var.account_id
  region       = var.region
  state_bucket = local.state_bucket
  mail_from    = lookup(var.mail_from, each.key, null)
  trust        = local.trust["environment:${each.key}"]
}

# What a pull request would change is planned with this role. Whoever may open one can run any code
# with it, so it reads what the environments are made of and writes nothing: plan with -lock=false.
resource "aws_iam_role" "plan" {
  name               = "parley-plan"
  description        = "Plans changes of Parley for pull requests of ${var.repository}."
  assume_role_policy = local.trust["pull_request"]
}

resource "aws_iam_role_policy_attachment" "plan" {
  for_each = module.environment

  role       = aws_iam_role.plan.name
  policy_arn = each.value.read_policy_arn
}
