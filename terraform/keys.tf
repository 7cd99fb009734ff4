# Access tokens are signed inside KMS: no secret is in the code, the state or a function's settings.
resource "aws_kms_key" "signing" {
  for_each = var.signing_keys.published

  description              = "Signs access tokens of ${local.prefix} (${each.key})."
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = var.protected ? 30 : 7

  # KMS rotates no asymmetric keys; docs/operations.md says how a person does.
  enable_key_rotation = false

  # Not the usual "everything, as IAM says": an administrator of the account can manage the key, and
  # cannot sign with it. Here `*` is this key.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Manage"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Resource  = "*"
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
          "kms:EnableKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey",
          "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ]
      },
      {
        # Named by a condition, not as the principal: then the role needs its own statement as well,
        # and one that was made anew is still the one.
        Sid       = "Sign"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Resource  = "*"
        Action    = "kms:Sign"
        Condition = { ArnEquals = { "aws:PrincipalArn" = module.function["accounts"].role_arn } }
      },
    ]
  })
}

resource "aws_kms_alias" "signing" {
  for_each = aws_kms_key.signing

  name          = "alias/${local.prefix}-signing-${each.key}"
  target_key_id = each.value.key_id
}

data "aws_kms_public_key" "signing" {
  for_each = aws_kms_key.signing

  key_id = each.value.key_id
}
