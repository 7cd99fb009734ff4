environment = "prod"
# account_id  = "123456789012" # or TF_VAR_account_id
region = "us-east-1"

log_retention_days = 90

# Nobody signs up: an administrator makes people (`parley admin create-user`). With mail, that can
# change; docs/operations.md says how.
# mail           = { from = "parley@example.com" }
# signup         = "domain"
# signup_domains = ["example.com"]

# Without an address there are no alarms, and no budget.
# alarm_email        = "on-call@example.com"
# monthly_budget_usd = 50
