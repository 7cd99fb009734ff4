//! Who may make an account by themselves.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use chat::accounts::Email;
use chat::settings::Reader;
use protocol::{ErrorCode, SignUp, SignUpPolicy};

use crate::http::{self, Refusal};
use crate::{Ctx, strength};

/// What the settings say of sign-ups.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    sign_up: SignUp,
    domains: Vec<String>,
    /// Whether an account can be logged in to only once its address is confirmed.
    pub(crate) verify_email: bool,
    mail: bool,
}

impl Policy {
    /// Reads `SIGNUP` (closed unless it says open or domain), `SIGNUP_DOMAINS`, and `VERIFY_EMAIL` (on
    /// unless it says off).
    pub(crate) fn new(settings: &mut Reader<'_>, mail: bool) -> Self {
        let sign_up = match settings.one_of("SIGNUP", &["closed", "open", "domain"]) {
            "open" => SignUp::Open,
            "domain" => SignUp::Domain,
            _ => SignUp::Closed,
        };
        let domains = settings.words("SIGNUP_DOMAINS");
        let domains: Vec<_> = domains.into_iter().map(|domain| domain.to_lowercase()).collect();
        for domain in domains.iter().filter(|domain| !is_domain(domain)) {
            settings.wrong(&format!("SIGNUP_DOMAINS: {domain:?} is no domain as in example.com"));
        }
        let verify_email = settings.switch("VERIFY_EMAIL", true);
        if sign_up == SignUp::Domain && domains.is_empty() {
            settings.wrong("SIGNUP=domain needs SIGNUP_DOMAINS");
        }
        if sign_up == SignUp::Domain && !verify_email {
            settings.wrong("SIGNUP=domain needs VERIFY_EMAIL=on, or anybody could name an address");
        }
        if sign_up != SignUp::Closed && verify_email && !mail {
            settings.wrong("VERIFY_EMAIL=on needs MAIL_FROM, unless SIGNUP=closed");
        }
        Self { sign_up, domains, verify_email, mail }
    }

    /// Whether somebody may sign up, with this address or with none.
    pub(crate) fn admits(&self, email: Option<&Email>) -> Result<(), Refusal> {
        let closed = |detail| Err(Refusal::new(ErrorCode::SignUpClosed, detail));
        let needs = |detail| Err(Refusal::of_field("email", ErrorCode::BadRequest, detail));
        match (self.sign_up, email) {
            (SignUp::Closed, _) => {
                closed("Accounts are made by an administrator here. Please ask yours.")
            }
            (_, None) if self.verify_email => needs("An e-mail address is needed."),
            (_, Some(_)) if !self.mail => needs(
                "No mail can be sent from here, so that an address cannot be confirmed. Leave it out.",
            ),
            (SignUp::Domain, Some(email)) if !self.is_listed(email) => Err(Refusal::of_field(
                "email",
                ErrorCode::SignUpClosed,
                format!("Only addresses at {} can sign up.", self.domains.join(", ")),
            )),
            _ => Ok(()),
        }
    }

    fn is_listed(&self, email: &Email) -> bool {
        self.domains.iter().any(|domain| domain == email.domain())
    }
}

/// Whether somebody can have an address there.
fn is_domain(domain: &str) -> bool {
    Email::parse(&format!("a@{domain}")).is_ok_and(|email| email.domain() == domain)
}

/// `GET /v1/sign-up`.
pub(crate) fn answer(ctx: &Ctx) -> ApiGatewayV2httpResponse {
    let Policy { sign_up, domains, verify_email, mail } = &ctx.policy;
    let domains = if *sign_up == SignUp::Domain { domains.clone() } else { Vec::new() };
    http::json(
        200,
        &SignUpPolicy { sign_up: *sign_up, domains, verify_email: *verify_email, mail: *mail },
    )
}

/// Reads the field `password` of somebody who chooses one.
pub(crate) fn check_password(password: &str, about: &[&str]) -> Result<(), Refusal> {
    strength::check(password, about)
        .map_err(|detail| Refusal::of_field("password", ErrorCode::BadRequest, detail))
}

/// Reads the field `email`.
pub(crate) fn read_email(text: &str) -> Result<Email, Refusal> {
    Email::parse(text)
        .map_err(|error| Refusal::of_field("email", ErrorCode::BadRequest, error.to_string()))
}
