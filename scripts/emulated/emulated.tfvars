# The environment dev, on an emulated AWS: over terraform/env/dev.tfvars.
account_id = "000000000000"
region     = "us-east-1"

# It answers, but on the few cores of this machine, each function in a process of its own. The reap
# grace stays: 35 s are longer than a socket takes to open here, too.
settings = {
  FANOUT_DEADLINE_MS     = "10000"
  FANOUT_POST_TIMEOUT_MS = "5000"
}

# The scenarios sign people up and log them in, all from one address, without waiting for a mail.
signup         = "open"
signup_domains = []
verify_email   = false
address_limits = false

# Sent nowhere: kept to be read. scripts/emulated/deployment.py says so to the bootstrap, too.
mail = { from = "parley@example.com" }

# scripts/emulated/outside.py makes the secret.
trusted_issuers = [{
  namespace        = "intranet"
  issuer           = "https://intranet.example"
  audience         = "parley"
  secret_parameter = "/parley/dev/issuers/intranet"
}]

# With alarms and a budget, so that they are applied here too.
alarm_email        = "on-call@example.com"
monthly_budget_usd = 50

# Nothing was ever restored here, whatever dev says.
table_generation = ""
restored_tables  = []
