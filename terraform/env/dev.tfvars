environment = "dev"
# account_id  = "123456789012" # or TF_VAR_account_id
region = "us-east-1"

# One command may remove it again.
protected = false

# `wscat -c "$URL?token=$JWT"` works here.
allow_url_token = true

# Anybody who finds it may sign up, and talk at once: there is no mail here. So may the smoke test and
# `make scenarios`, whose people all come from one address, as a team behind one router does.
signup         = "open"
verify_email   = false
address_limits = false

log_retention_days = 14
