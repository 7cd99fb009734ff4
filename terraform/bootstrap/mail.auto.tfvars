# The address that each environment may send mail from: `mail.from` of terraform/env/<environment>.tfvars.
# mail_from = {
#   prod = "parley@example.com"
# }
