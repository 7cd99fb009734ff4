# What mails are sent from. Its verification is the team's to finish: docs/operations.md says how.
# No configuration set: nothing here reads its events.
resource "aws_sesv2_email_identity" "this" {
  count = try(var.mail.shared, true) ? 0 : 1

  email_identity = local.mail_identity

  # Easy DKIM, for a domain only. An address is confirmed by a link that SES mails to it.
  dynamic "dkim_signing_attributes" {
    for_each = strcontains(local.mail_identity, "@") ? [] : ["RSA_2048_BIT"]

    content {
      next_signing_key_length = dkim_signing_attributes.value
    }
  }
}

locals {
  # The domain of the address, unless something else is said.
  mail_identity = var.mail == null ? "" : coalesce(var.mail.identity, split("@", var.mail.from)[1])

  # Any identity of this account, as long as the mail is from that one address. While the account is in
  # SES's sandbox, SES asks for a right to the recipient's identity too.
  # https://github.com/aws/aws-sdk-js/issues/3641
  mail_resource   = "arn:aws:ses:${var.region}:${var.account_id}:identity/*"
  mail_conditions = { StringEquals = { "ses:FromAddress" = try(var.mail.from, "") } }

  mail_dkim_tokens = flatten(aws_sesv2_email_identity.this[*].dkim_signing_attributes[*].tokens)
}
