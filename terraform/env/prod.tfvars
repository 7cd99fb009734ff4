environment = "prod"
# account_id  = "123456789012" # or TF_VAR_account_id
region = "us-east-1"

log_retention_days = 90
