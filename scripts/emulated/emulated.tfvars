# The environment dev, on an emulated AWS: over terraform/env/dev.tfvars.
account_id = "000000000000"
region     = "us-east-1"

# It answers, but on the few cores of this machine, each function in a process of its own. The reap
# grace stays: 35 s are longer than a socket takes to open here, too.
settings = {
  FANOUT_DEADLINE_MS     = "10000"
  FANOUT_POST_TIMEOUT_MS = "5000"
}

# With alarms and a budget, so that they are applied here too.
alarm_email        = "on-call@example.com"
monthly_budget_usd = 50

# Nothing was ever restored here, whatever dev says.
table_generation = ""
restored_tables  = []
