//! Which pages may call. Part of [`super::accounts`].

use protocol::{ErrorCode, Session, SignUpPolicy};
use serde_json::json;

use crate::{Body, Call, Failure, Outcome, ensure, log_in};

/// Every call that may change something, by method and path.
pub const CHANGING_CALLS: [(&str, &str); 14] = [
    ("POST", "/v1/accounts"),
    ("POST", "/v1/accounts/link"),
    ("POST", "/v1/emails"),
    ("POST", "/v1/emails/unlink"),
    ("POST", "/v1/emails/verify"),
    ("POST", "/v1/password"),
    ("POST", "/v1/password/forgot"),
    ("POST", "/v1/password/reset"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/sessions/refresh"),
    ("POST", "/v1/tickets"),
    ("DELETE", "/v1/sessions"),
    ("DELETE", "/v1/sessions/current"),
    ("DELETE", "/v1/sessions/s_1"),
];

/// A page of another origin makes no call that changes anything, whatever its visitor's browser sends
/// along; a page of ours does, and reading is free.
///
/// # Errors
/// What failed.
pub async fn a_foreign_page_cannot_call(body: &Body) -> Outcome {
    let ada = body.person("ada").await?;
    for origin in ["https://evil.example", "null", &format!("{}.evil.example", body.site_url)] {
        for (method, path) in CHANGING_CALLS {
            let call = if method == "POST" { Call::post(path) } else { Call::delete(path) };
            let call = call
                .json(&json!({ "login": &*ada.username, "password": &*ada.password }))?
                .bearer(&ada.access_token)?
                .cookie(&ada.cookie)?
                .header("origin", origin)?;
            let refused = body.call(call).await?.problem(ErrorCode::ForeignOrigin);
            refused.map_err(|failure| failure.during(format!("{method} {path} of {origin}")))?;
        }
        let policy = Call::get("/v1/sign-up").header("origin", origin)?;
        body.call(policy).await?.expect::<SignUpPolicy>(200)?;
    }
    // Nothing has happened: the session is still there, and so is its first cookie.
    let own = |call: Call| call.header("origin", &body.site_url);
    let refresh = own(Call::post("/v1/sessions/refresh").cookie(&ada.cookie)?)?;
    body.call(refresh).await?.expect::<Session>(200)?;
    body.call(own(log_in(&ada.username, &ada.password)?)?).await?.expect::<Session>(200)?;
    let ticket = own(Call::post("/v1/tickets"))?;
    ensure!(body.call_as(&ada, ticket).await?.status == 200, "no ticket for a page of ours");
    Ok::<_, Failure>(())
}
