//! What becomes of each answer.

use serde_json::{Value, json};

use crate::lambda::{Answer, Lambda};
use crate::program::{Said, at, parley};

fn user() -> Value {
    json!({
        "userId": "u_1", "username": "ada", "role": "user", "emails": ["ada@example.com"],
        "status": "active", "createdAt": "2026-11-22T12:00:00.000Z",
    })
}

fn done(erased: u64, more: bool) -> Answer {
    Answer::Json(json!({"user": user(), "erased": erased, "more": more}))
}

/// The program, asked by these words, where these answers come.
async fn run(words: &[&str], answers: impl IntoIterator<Item = Answer>) -> (Said, Lambda) {
    let directory = tempfile::tempdir().unwrap();
    let lambda = Lambda::new(answers);
    lambda.in_directory(directory.path());
    (at(directory.path(), words).await, lambda)
}

#[tokio::test]
async fn a_made_account_comes_with_its_link() {
    let link = json!({
        "url": "http://localhost:8080/welcome#token=p_1", "expiresAt": "2026-11-29T12:00:00.000Z",
    });
    let answer = || Answer::Json(json!({"user": user(), "link": link, "erased": 0, "more": false}));
    let words = ["create-user", "ada", "--email", "ada@example.com"];
    let (said, lambda) = run(&words, [answer()]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out.lines().last(), Some("http://localhost:8080/welcome#token=p_1"));
    assert!(said.out.contains("until 2026-11-29T12:00:00.000Z"), "{said:?}");
    let expected = json!({
        "command": "createUser", "username": "ada", "email": "ada@example.com", "role": "user",
        "actor": "grace@hopper",
    });
    assert_eq!(lambda.asked(), [("admin".to_owned(), expected)]);

    let (said, _) = run(&["create-user", "ada", "--json"], [answer()]).await;
    assert_eq!(said.json()["link"], link);
    assert_eq!(said.out.lines().count(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_and_counted() {
    let refusal = json!({"error": {
        "code": "not_found", "message": "There is nobody\u{1b}[2J called bob.", "retryable": false,
    }});
    let (said, _) = run(&["disable", "bob"], [Answer::Json(refusal.clone())]).await;
    assert_eq!((said.code, &*said.out), (Some(1), ""));
    assert_eq!(said.err, "parley: refused: There is nobody[2J called bob.\n");
    let (said, _) = run(&["disable", "bob", "--json"], [Answer::Json(refusal.clone())]).await;
    assert_eq!((said.code, said.json()), (Some(1), refusal));
}

#[tokio::test]
async fn what_was_not_finished_is_not_called_refused() {
    let error = json!({
        "code": "unavailable", "message": "Some sockets are still open.", "retryable": true,
    });
    let answer = || Answer::Json(json!({ "error": error }));
    let (said, lambda) = run(&["disable", "ada"], [answer()]).await;
    assert_eq!((said.code, &*said.out), (Some(1), ""));
    let expected = "parley: not finished: Some sockets are still open; give the command again\n";
    assert_eq!(said.err, expected);
    assert_eq!(lambda.asked().len(), 1);
    let (said, _) = run(&["create-user", "ada"], [answer()]).await;
    assert!(said.err.contains("`parley admin show ada` tells"), "{said:?}");
}

#[tokio::test]
async fn erasing_goes_on_until_there_is_no_more() {
    let answers = || [done(0, false), done(500, true), done(200, true), done(7, false)];
    let (said, lambda) = run(&["erase", "ada", "--yes"], answers()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, "ada (u_1) is erased, with 707 messages.\n");
    let progress = "500 messages erased, there are more\n700 messages erased, there are more\n";
    assert_eq!(said.err, progress);
    let erase = json!({"command": "erase", "user": "u_1"});
    let show = json!({"command": "show", "user": "ada"});
    assert_eq!(lambda.commands(), [show, erase.clone(), erase.clone(), erase]);

    let (said, _) = run(&["erase", "ada", "--yes", "--json"], answers()).await;
    assert_eq!(said.json()["erased"], 707);
}

#[tokio::test]
async fn erasing_without_a_terminal_needs_a_yes() {
    let (said, lambda) = run(&["erase", "ada"], []).await;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--yes"), "{said:?}");
    assert!(lambda.asked().is_empty());
}

#[tokio::test]
async fn whoever_is_not_there_is_not_erased() {
    let error = json!({"code": "not_found", "message": "Nobody.", "retryable": false});
    let nobody = Answer::Json(json!({"error": error}));
    let (said, lambda) = run(&["erase", "bob", "--yes"], [nobody]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(lambda.commands(), [json!({"command": "show", "user": "bob"})]);
}

#[tokio::test]
async fn a_command_whose_answer_was_lost_is_given_again() {
    for lost in [Answer::Lost, Answer::Refused(500, "ServiceException")] {
        let (said, lambda) = run(&["disable", "ada"], [lost, done(0, false)]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(lambda.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_second_account_is_not_asked_for() {
    let lost = [Answer::Lost, Answer::Refused(500, "ServiceException"), Answer::Failed("crash")];
    for lost in lost {
        let (said, lambda) = run(&["create-user", "ada"], [lost]).await;
        assert_eq!(said.code, Some(1));
        assert!(said.err.contains("`parley admin show ada` tells"), "{said:?}");
        assert_eq!(lambda.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_failed_function_says_what_it_may() {
    let (said, _) = run(&["show", "ada"], [Answer::Failed("no table")]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.err, "parley: the function failed (no table); its log says more\n");
}

#[tokio::test]
async fn nobody_serves_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let expected =
        format!("parley: no laptop serves {data}: start it with `make run DATA={data}`\n");
    let said = at(directory.path(), &["show", "ada"]).await;
    assert_eq!((said.code, &said.err), (Some(1), &expected));
    // What a killed laptop leaves.
    drop(std::os::unix::net::UnixListener::bind(directory.path().join("admin.sock")).unwrap());
    let said = parley(&["--data", data, "show", "ada"], &[]).await;
    assert_eq!((said.code, &said.err), (Some(1), &expected));
}

#[tokio::test]
async fn help_shows_the_way() {
    let said = parley(&["--help"], &[]).await;
    assert_eq!(said.code, Some(0));
    for part in ["create-user", "erase", "Examples:", "--env", "Exit codes:"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let erase = parley(&["erase", "--help"], &[]).await;
    assert!(erase.out.contains("cannot be undone"), "{}", erase.out);
    assert_eq!(parley(&["show"], &[]).await.code, Some(2));
}
