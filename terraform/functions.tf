# functions.tf.json holds literals only, since make and the laptop read it too. Here its names become
# ARNs and values.
locals {
  # What a statement names, as the ARNs of its policy. Without mail there is nothing to send from.
  statements = {
    for function, spec in local.functions : function => [
      for statement in spec.statements : {
        actions    = statement.actions
        resources  = flatten([local.resource_arns[jsonencode({ for kind, name in statement : kind => name if kind != "actions" })]])
        conditions = try({ from = local.mail_conditions }[statement.mail], {})
      } if var.mail != null || !can(statement.mail)
    ]
  }

  resource_arns = merge(
    { for name, table in module.table : jsonencode({ table = name }) => table.arn },
    merge([
      for name, table in module.table : {
        for index in keys(try(local.tables[name].indexes, {})) :
        jsonencode({ index = index, table = name }) => "${table.arn}/index/${index}"
      }
    ]...),
    { for method in ["DELETE", "GET", "POST"] : jsonencode({ connections = method }) => "${local.connections_arn}/${method}/@connections/*" },
    # All of them: while a deploy replaces the active key, settings and role do not change at once.
    { for name in ["signing"] : jsonencode({ key = name }) => values(aws_kms_key.signing)[*].arn },
    { for name in ["from"] : jsonencode({ mail = name }) => local.mail_resource },
    # A SecureString under the account's own key `aws/ssm` needs no right to that key: KMS lets every
    # principal of the account decrypt with it through the Parameter Store.
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html
    { for name in ["issuers"] : jsonencode({ parameters = name }) => "arn:aws:ssm:${var.region}:${var.account_id}:parameter${local.issuers_path}*" },
  )

  settings = merge(local.derived_settings, local.optional_settings, var.settings)

  derived_settings = {
    ADDRESS_LIMITS  = var.address_limits ? "on" : "off"
    ALLOWED_ORIGINS = join(" ", concat([local.site_url], sort(var.allowed_origins)))
    ALLOW_URL_TOKEN = var.allow_url_token ? "on" : "off"
    COOKIE_SECURE   = "on"
    PUBLIC_KEYS     = jsonencode([for key in values(data.aws_kms_public_key.signing) : { kid = key.key_id, pem = key.public_key_pem }])
    RATE_LIMITS     = "on"
    SIGNING_KEY_ID  = aws_kms_key.signing[var.signing_keys.active].key_id
    SIGNUP          = var.signup
    SITE_URL        = local.site_url
    # CloudFront.
    TRUSTED_PROXIES = "1"
    VERIFY_EMAIL    = var.verify_email ? "on" : "off"
  }

  # Not there at all where there is nothing to say.
  optional_settings = { for name, value in {
    MAIL_FROM       = var.mail == null ? "" : var.mail.from
    SIGNUP_DOMAINS  = join(" ", sort(var.signup_domains))
    TRUSTED_ISSUERS = length(var.trusted_issuers) == 0 ? "" : jsonencode(local.trusted_issuers)
  } : name => value if value != "" }

  # What Terraform works out itself. A test compares this with the two above.
  own_settings = [
    "ADDRESS_LIMITS", "ALLOWED_ORIGINS", "ALLOW_URL_TOKEN", "COOKIE_SECURE", "MAIL_FROM", "PUBLIC_KEYS",
    "RATE_LIMITS", "SIGNING_KEY_ID", "SIGNUP", "SIGNUP_DOMAINS", "SITE_URL", "TRUSTED_ISSUERS",
    "TRUSTED_PROXIES", "VERIFY_EMAIL",
  ]

  # Settings that a function's statements imply.
  implied_settings = {
    for function, spec in local.functions : function => merge([
      for statement in spec.statements : merge(
        { for table in try([statement.table], []) : "TABLE_${upper(table)}" => module.table[table].name },
        { for method in try([statement.connections], []) : "PUSH_ENDPOINT" => local.push_endpoint },
      )
    ]...)
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name        = "${local.prefix}-${each.key}"
  description = each.value.description
  artifact    = "${var.lambda_dir}/${each.key}.zip"
  memory      = each.value.memory
  timeout     = each.value.timeout
  statements  = local.statements[each.key]

  environment = merge(
    local.implied_settings[each.key],
    { for name in each.value.env : name => local.settings[name] if contains(keys(local.settings), name) },
  )

  role_path            = "/parley/${local.environment}/"
  permissions_boundary = "arn:aws:iam::${var.account_id}:policy/parley/${local.prefix}-boundary"
  reserved_concurrency = lookup(var.reserved_concurrency, each.key, -1)
  log_level            = var.log_level
  log_retention_days   = var.log_retention_days
}
