//! Who gets which name, and which passwords will do. Part of [`super::accounts`].

use futures_util::future::try_join_all;
use protocol::{ErrorCode, Session, SignedUp};

use crate::{Answer, Body, Failure, Outcome, ensure, ensure_eq, fresh_name, fresh_password};

fn taken(answer: &Answer) -> Outcome {
    let problem = answer.problem(ErrorCode::NameTaken)?;
    ensure_eq!(problem.field.as_deref(), Some("username"), "field");
    Ok(())
}

/// A name that differs in case alone is taken.
///
/// # Errors
/// What failed.
pub async fn a_name_has_one_owner(body: &Body) -> Outcome {
    let name = fresh_name("Ada");
    let _: SignedUp = body.sign_up(&name, &fresh_password(), None).await?.expect(201)?;
    for again in [name.clone(), name.to_lowercase(), name.to_uppercase()] {
        taken(&body.sign_up(&again, &fresh_password(), None).await?)?;
    }
    Ok(())
}

/// Signs up under all these names at once, each with a password of its own, and returns the passwords
/// with whether it was let in.
async fn race(body: &Body, names: &[String]) -> Result<Vec<(String, bool)>, Failure> {
    let passwords: Vec<String> = names.iter().map(|_| fresh_password()).collect();
    let racers = names.iter().zip(&passwords);
    let racers = racers.map(|(name, password)| body.sign_up(name, password, None));
    let answers = try_join_all(racers).await?;
    let mut ended = Vec::new();
    for (answer, password) in answers.iter().zip(passwords) {
        let won = answer.status == 201;
        if !won {
            taken(answer)?;
        }
        ended.push((password, won));
    }
    let winners = ended.iter().filter(|(_, won)| *won).count();
    ensure_eq!(winners, 1, "winners among {names:?}");
    Ok(ended)
}

/// Of sign-ups that race for a name one wins, and only its password opens the account.
///
/// # Errors
/// What failed.
pub async fn one_of_two_racing_sign_ups_wins(body: &Body) -> Outcome {
    let name = fresh_name("racer");
    for (password, won) in race(body, &vec![name.clone(); 4]).await? {
        let answer = body.try_log_in(&name, &password).await?;
        if won {
            answer.expect::<Session>(200)?;
        } else {
            answer.problem(ErrorCode::InvalidCredentials)?;
        }
    }
    Ok(())
}

/// A name that looks like another, in whatever letters, is taken, also when both are asked for at
/// once; one that mixes alphabets, or has a mark or a point that is easily overlooked, is none.
///
/// # Errors
/// What failed.
pub async fn lookalike_names_are_refused(body: &Body) -> Outcome {
    let number = format!("{:010}", fastrand::u64(..10_000_000_000));
    let name = |stem: &str| format!("{stem}-{number}");
    for (first, others) in [
        ("paypal", ["paypa1", "PaypaI", "PAYPAL"].as_slice()),
        // Cyrillic, all of it.
        ("coco", &["сосо", "СОСО", "c0c0"]),
        ("modern", &["modem", "MODERN"]),
    ] {
        let _: SignedUp = body.sign_up(&name(first), &fresh_password(), None).await?.expect(201)?;
        for other in others {
            let answer = body.sign_up(&name(other), &fresh_password(), None).await?;
            taken(&answer).map_err(|failure| failure.during(format!("{other} after {first}")))?;
        }
    }
    let mixed = ["раypal", "pаypal", "αda"].map(name);
    let dots_on_dots = ["i\u{307}da", "j\u{307}im", "al\u{307}a", "zoë\u{308}"].map(name);
    let points = ["ab__cd", "ab..cd", "ab-"].map(name);
    let ends = ["zoe.", "zoe_", "zoe-"].map(|end| format!("{number}{end}"));
    let ids = ["u_", "X_"].map(|prefix| format!("{prefix}{number}abcdef"));
    for none in [mixed.as_slice(), &dots_on_dots, &points, &ends, &ids].concat() {
        let answer = body.sign_up(&none, &fresh_password(), None).await?;
        let problem = answer.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("username"), "field, for {none}");
    }
    // Another's name in the alphabet of the other is a log-in of nobody.
    let answer = body.try_log_in(&name("сосо"), &fresh_password()).await?;
    answer.problem(ErrorCode::InvalidCredentials)?;

    let names = ["racer-bill", "racer-bi11", "Racer-BiII", "racer-biIl"].map(name);
    race(body, &names).await?;
    Ok(())
}

/// What is guessed first is no password, nor is one's own name.
///
/// # Errors
/// What failed.
pub async fn easily_guessed_passwords_are_refused(body: &Body) -> Outcome {
    let name = fresh_name("ada");
    let own = format!("{name}1");
    for password in
        ["password123", "Passw0rd2026!", "qwertyuiop", "aaaaaaaaaaaa", "1234567890", &own]
    {
        let answer = body.sign_up(&name, password, None).await?;
        let problem = answer.problem(ErrorCode::BadRequest)?;
        ensure_eq!(problem.field.as_deref(), Some("password"), "field, for {password:?}");
        ensure!(!answer.text.contains(password), "the refusal repeats a password");
    }
    // The name is still free, and a sentence will do.
    let password = format!("violet tractor sings {}", fastrand::u32(..));
    let _: SignedUp = body.sign_up(&name, &password, None).await?.expect(201)?;
    Ok(())
}
