# Whose tokens open sockets besides ours, as the authorizer reads it. The secrets are made outside
# Terraform, so that no state holds them: docs/operations.md says how.
locals {
  issuers_path = "/parley/${local.environment}/issuers/"

  trusted_issuers = [
    for issuer in var.trusted_issuers : { for name, value in {
      namespace       = issuer.namespace
      issuer          = issuer.issuer
      audience        = issuer.audience
      nameClaim       = issuer.name_claim
      jwksUrl         = issuer.jwks_url
      publicKeyPem    = issuer.public_key_pem
      secretParameter = issuer.secret_parameter
    } : name => value if value != null }
  ]
}
