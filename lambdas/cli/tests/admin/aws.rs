//! The way to a function on AWS.

use serde_json::{Value, json};

use crate::lambda::{Answer, Lambda};
use crate::program::{Said, parley};

async fn run(words: &[&str], answers: impl IntoIterator<Item = Answer>) -> (Said, Lambda) {
    let lambda = Lambda::new(answers);
    let address = lambda.on_port().await;
    let environment = [
        ("AWS_ENDPOINT_URL", &*address),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    (parley(words, &environment).await, lambda)
}

fn done() -> Answer {
    let user = json!({
        "userId": "u_1", "username": "ada", "role": "user", "emails": [], "status": "disabled",
        "createdAt": "",
    });
    Answer::Json(json!({"user": user}))
}

#[tokio::test]
async fn the_environments_function_hears_whose_arn_asks() {
    let (said, lambda) = run(&["--env", "dev", "disable", "ada"], [done()]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let (function, event): (String, Value) = lambda.asked().remove(0);
    assert_eq!(function, "parley-dev-admin");
    let arn = "arn:aws:iam::123456789012:user/grace";
    assert_eq!(event, json!({"command": "disable", "user": "ada", "actor": arn}));
    let (_, lambda) = run(&["show", "ada", "--function", "other"], [done()]).await;
    assert_eq!(lambda.asked()[0].0, "other");
}

#[tokio::test]
async fn what_the_service_refuses() {
    let words = ["--env", "prod", "show", "ada"];
    let (said, _) = run(&words, [Answer::Refused(404, "ResourceNotFoundException")]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no function parley-prod-admin in eu-west-1"), "{said:?}");
    let (said, _) = run(&words, [Answer::Refused(403, "AccessDeniedException")]).await;
    assert_eq!((said.code, &*said.err), (Some(1), "parley: AccessDeniedException: no\n"));
}

#[tokio::test]
async fn without_a_region() {
    let said = parley(&["--env", "dev", "show", "ada"], &[("AWS_EC2_METADATA_DISABLED", "true")]);
    let said = said.await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("AWS_REGION="), "{said:?}");
}
