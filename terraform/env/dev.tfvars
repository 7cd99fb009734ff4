environment = "dev"
# account_id  = "123456789012" # or TF_VAR_account_id
region = "us-east-1"

# One command may remove it again.
protected = false

# `wscat -c "$URL?token=$JWT"` works here.
allow_url_token = true

log_retention_days = 14
