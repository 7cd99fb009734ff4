# A web page's scheme, host and port, as browsers write it.
locals {
  origin = "^(https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127[.]0[.]0[.]1)(:[0-9]+)?)$"
}

variable "environment" {
  description = "dev, staging or prod: the workspace, and a part of every name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account of this environment, 12 digits. Any other is refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has 12 digits."
  }
}

variable "region" {
  description = "The Region of everything but CloudFront."
  type        = string
  nullable    = false
}

variable "lambda_dir" {
  description = "The folder of the functions' zips, as `make build` leaves them."
  type        = string
  nullable    = false
  default     = "../target/lambda"
}

variable "site_dir" {
  description = "The folder of the built client, as `scripts/site` stages it."
  type        = string
  nullable    = false
  default     = "../target/site"
}

variable "domain" {
  description = "A domain of the team's own for the site, with the ARN of its certificate in us-east-1; null for the one that CloudFront gives."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "site_url" {
  description = "Where people open the chat, when not where CloudFront or `domain` says: on an emulated AWS."
  type        = string
  default     = null

  validation {
    condition     = var.site_url == null || can(regex(local.origin, var.site_url))
    error_message = "site_url is an origin, as in https://chat.example.com: no path, and no '/' at its end."
  }
}

variable "allowed_origins" {
  description = "Pages of other origins than the site's own that may open sockets, as in [\"https://intranet.example.com\"]."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex(local.origin, origin))])
    error_message = "An origin is https:// and a host, in small letters, with its port where that is not 443: no path, no '/' at its end, no wildcard. http:// is for localhost only."
  }
}

variable "signup" {
  description = "Who may make an account: nobody (closed: an administrator makes them), who has an address of signup_domains (domain), or anybody (open)."
  type        = string
  nullable    = false
  default     = "closed"

  validation {
    condition     = contains(["closed", "domain", "open"], var.signup)
    error_message = "signup is closed, domain or open."
  }

  validation {
    condition     = var.signup == "closed" || !var.verify_email || var.mail != null
    error_message = "With signup '${var.signup}' and verify_email, nobody could log in without a mail: set mail, or verify_email = false, or signup = \"closed\"."
  }

  validation {
    condition     = var.signup != "domain" || var.verify_email
    error_message = "With signup 'domain', verify_email has to be true: an address that nobody confirms is anybody's to name."
  }
}

variable "signup_domains" {
  description = "The domains of `signup = \"domain\"`, as in [\"example.com\"]; each without its subdomains."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for domain in var.signup_domains : can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", domain))])
    error_message = "A domain of signup_domains is what follows the @, in small letters, as in example.com."
  }

  validation {
    condition     = var.signup != "domain" || length(var.signup_domains) > 0
    error_message = "signup is 'domain', and signup_domains does not say which."
  }

  validation {
    condition     = var.signup == "domain" || length(var.signup_domains) == 0
    error_message = "signup_domains is for signup = \"domain\", and signup is '${var.signup}': it would let in others than those."
  }
}

variable "verify_email" {
  description = "Whether one logs in only once an e-mail address is confirmed, by the link in a mail."
  type        = bool
  nullable    = false
  default     = true
}

variable "mail" {
  description = "What mails are from: the address `from`; `identity`, what SES verifies, that address or its domain (the default), or a domain above it; `shared` where something else has made the identity already, as another environment of this account. Null: no mail is sent."
  type = object({
    from     = string
    identity = optional(string)
    shared   = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.mail == null || can(regex("^[A-Za-z0-9._+-]+@[a-z0-9-]+([.][a-z0-9-]+)+$", var.mail.from))
    error_message = "mail.from is an address alone, as in parley@example.com, its domain in small letters."
  }

  validation {
    condition = try(var.mail.identity, null) == null || try(
      var.mail.identity == var.mail.from || endswith(var.mail.from, "@${var.mail.identity}") || endswith(split("@", var.mail.from)[1], ".${var.mail.identity}"),
      false,
    )
    error_message = "mail.identity is mail.from itself, its domain, or a domain above that: SES lets nobody send from another."
  }
}

variable "trusted_issuers" {
  description = "Others whose tokens (JWT) open sockets: who they are, and by what their signatures are known, a set of keys (jwks_url), one key (public_key_pem), or a shared secret of at least 32 bytes in a SecureString of the Parameter Store (secret_parameter). `namespace` stands before the names of their people, as in intranet/ada; name_claim holds that name."
  type = list(object({
    namespace        = string
    issuer           = string
    audience         = string
    name_claim       = optional(string, "username")
    jwks_url         = optional(string)
    public_key_pem   = optional(string)
    secret_parameter = optional(string)
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for issuer in var.trusted_issuers : can(regex("^[a-z0-9-]{1,32}$", issuer.namespace))])
    error_message = "A namespace is 1 to 32 of a-z, 0-9 and '-'."
  }

  validation {
    condition = (
      length(distinct(var.trusted_issuers[*].namespace)) == length(var.trusted_issuers) &&
      length(distinct(var.trusted_issuers[*].issuer)) == length(var.trusted_issuers)
    )
    error_message = "Two trusted_issuers have the same namespace, or the same issuer: their people could not be told apart."
  }

  validation {
    condition     = alltrue([for issuer in var.trusted_issuers : length(issuer.issuer) > 0 && length(issuer.audience) > 0 && length(issuer.name_claim) > 0])
    error_message = "issuer, audience and name_claim are what the token says in `iss`, in `aud` and for the name: none is empty."
  }

  # Its own tokens are known by this; lambdas/chat/src/identity/token.rs.
  validation {
    condition     = !contains(var.trusted_issuers[*].issuer, "parley")
    error_message = "The issuer 'parley' is the chat itself."
  }

  validation {
    condition = alltrue([
      for issuer in var.trusted_issuers : length([for key in [issuer.jwks_url, issuer.public_key_pem, issuer.secret_parameter] : key if key != null]) == 1
    ])
    error_message = "Each of trusted_issuers has one of jwks_url, public_key_pem and secret_parameter, and not two."
  }

  validation {
    condition     = alltrue([for issuer in var.trusted_issuers : issuer.jwks_url == null || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/[^ ]*$", issuer.jwks_url))])
    error_message = "A jwks_url begins with https://, without a user name, and has a path: whoever could change its answer could be anybody."
  }

  validation {
    condition     = alltrue([for issuer in var.trusted_issuers : issuer.public_key_pem == null || can(regex("^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n?$", issuer.public_key_pem))])
    error_message = "A public_key_pem is whole, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----: with a broken one no socket would open. Never write a private one here."
  }

  validation {
    condition     = alltrue([for issuer in var.trusted_issuers : issuer.secret_parameter == null || can(regex("^/parley/${var.environment}/issuers/[A-Za-z0-9_.-]+$", issuer.secret_parameter))])
    error_message = "A secret_parameter is named /parley/${var.environment}/issuers/ and one word more: the authorizer may read no other."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  validation {
    condition     = length(jsonencode(var.trusted_issuers)) <= 3000
    error_message = "trusted_issuers has more than 3,000 characters: a function's settings have room for 4 KB in all. Use jwks_url instead of public_key_pem."
  }
}

variable "address_limits" {
  description = "Whether sign-ups, log-ins and the like are also limited by network address. False for tests, which come from one."
  type        = bool
  nullable    = false
  default     = true
}

variable "protected" {
  description = "Whether the tables withstand a destroy, and removed keys wait for 30 days instead of 7."
  type        = bool
  nullable    = false
  default     = true
}

variable "table_generation" {
  description = "What the names of `restored_tables` end in, as `make restore` says, or \"\" to go back to the first ones."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^(-[a-z0-9]+)?$", var.table_generation))
    error_message = "A generation of tables is a hyphen with letters and digits after it, as in -r20261123050000, or empty."
  }

  validation {
    condition     = var.table_generation == "" || length(var.restored_tables) > 0
    error_message = "table_generation is for restored_tables, and there are none."
  }
}

variable "restored_tables" {
  description = "The tables that were restored, as `make restore` says: a deploy takes over those that have their names. Empty where nothing was ever restored: Terraform makes all tables."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = length(setsubtract(var.restored_tables, keys(local.tables))) == 0
    error_message = "restored_tables names a table that is not in tables.tf.json."
  }
}

variable "allow_url_token" {
  description = "Whether an access token may come in the socket's URL, as in `wscat -c \"$URL?token=$JWT\"`. A URL ends up in logs: for dev only. Single-use tickets are always accepted."
  type        = bool
  nullable    = false
  default     = false
}

variable "signing_keys" {
  description = "The keys of access tokens, by names of your own: all in `published` verify, `active` signs. docs/operations.md says how to rotate them."
  type = object({
    active    = string
    published = set(string)
  })
  nullable = false
  default = {
    active    = "first"
    published = ["first"]
  }

  validation {
    condition     = contains(var.signing_keys.published, var.signing_keys.active)
    error_message = "The active signing key has to be among the published ones, or nobody could verify what it signs."
  }
}

variable "throttle" {
  description = "The most that each route of the two APIs takes, over all clients: `rate` a second, `burst` at once."
  type        = object({ rate = number, burst = number })
  nullable    = false
  default     = { rate = 500, burst = 1000 }
}

variable "reserved_concurrency" {
  description = "Instances of a function kept for it alone, by function, as in { accounts = 20 }. New accounts have 10 in all and can reserve none."
  type        = map(number)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.reserved_concurrency) : contains(keys(local.functions), name)])
    error_message = "reserved_concurrency names a function that is not in functions.tf.json."
  }
}

variable "settings" {
  description = "Settings of the functions that differ from their defaults, as in { HANDOVER_AFTER_MS = \"3600000\" }; README.md lists them."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : contains(flatten(values(local.functions)[*].env), name)])
    error_message = "settings has a name that no function reads."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), local.own_settings)) == 0
    error_message = "settings is for tuning. Other variables say these: ${join(", ", setintersection(keys(var.settings), local.own_settings))}."
  }
}

variable "log_level" {
  description = "The least level that the functions log: INFO or DEBUG."
  type        = string
  nullable    = false
  default     = "INFO"
}

variable "log_retention_days" {
  description = "How long logs are kept, in days: one of the lengths that CloudWatch offers."
  type        = number
  nullable    = false
  default     = 30
}

variable "alarm_email" {
  description = "Who hears of alarms and of the budget, after confirming one mail from AWS. Empty: there are no alarms, since AWS bills them, about USD 4 a month."
  type        = string
  nullable    = false
  default     = ""
}

variable "monthly_budget_usd" {
  description = "The sum, in USD a month, at which the budget alarms; 0 for no budget. It needs alarm_email."
  type        = number
  nullable    = false
  default     = 0
}

variable "execute_api_base" {
  description = "Where an emulated AWS serves both APIs, as in http://127.0.0.1:4566/_aws/execute-api; null on AWS."
  type        = string
  default     = null
}
