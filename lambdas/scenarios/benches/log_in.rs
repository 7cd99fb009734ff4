//! Whether the time of an answer tells that a name or an address is somebody's, and how long log-ins
//! and refreshes take: on a laptop in this process, over HTTP. Fails when it tells, or when the figures
//! cannot say.
//!
//! The two kinds of call take turns, one at a time, so that whatever else the machine does slows both
//! alike.

#![allow(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark says its figures; they are small and positive"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use laptop::Config;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Calls of each kind.
const CALLS: usize = 600;
/// Calls of each kind that are not counted.
const WARM_UP: usize = 30;
/// Log-ins for the throughput, and how many of them at a time.
const LOG_INS: usize = 200;
const AT_A_TIME: usize = 4;
/// Refreshes, one after another.
const REFRESHES: usize = 300;
/// Samples that are drawn from the samples, for the interval of the ratio.
const RESAMPLES: usize = 5_000;
/// Where the interval of the medians' ratio has to be.
const ALLOWED: std::ops::RangeInclusive<f64> = 0.95..=1.05;

const NAME: &str = "ada";
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// The API of one laptop.
struct Api {
    http: Client,
    url: String,
}

impl Api {
    async fn post(&self, path: &str, body: &Value, status: u16) -> Outcome<Response> {
        let response = self.http.post(format!("{}{path}", self.url)).json(body).send().await?;
        expect(response, status)
    }

    /// How long a log-in takes that is refused.
    async fn refusal(&self, login: &str) -> Outcome<Duration> {
        let body = json!({ "login": login, "password": "a wrong password" });
        let begin = Instant::now();
        self.post("/v1/sessions", &body, 401).await?.bytes().await?;
        Ok(begin.elapsed())
    }

    /// How long a sign-up takes, whoever has the address.
    async fn sign_up(&self, turn: usize, email: &str) -> Outcome<Duration> {
        let kind = email.split('@').next().unwrap_or_default();
        // As long as each other.
        let name = format!("{}{turn:05}", kind.get(..1).unwrap_or("n"));
        let body = json!({ "username": name, "password": PASSWORD, "email": email });
        let begin = Instant::now();
        self.post("/v1/accounts", &body, 201).await?.bytes().await?;
        Ok(begin.elapsed())
    }

    async fn log_in(&self) -> Outcome<Response> {
        self.post("/v1/sessions", &json!({ "login": NAME, "password": PASSWORD }), 200).await
    }

    /// The next cookie, and how long it took to get.
    async fn refresh(&self, cookie: &str) -> Outcome<(String, Duration)> {
        let begin = Instant::now();
        let call = self.http.post(format!("{}/v1/sessions/refresh", self.url));
        let response = expect(call.header(COOKIE, cookie).send().await?, 200)?;
        let cookie = session_cookie(&response)?;
        response.bytes().await?;
        Ok((cookie, begin.elapsed()))
    }
}

fn expect(response: Response, status: u16) -> Outcome<Response> {
    if response.status().as_u16() == status {
        Ok(response)
    } else {
        Err(format!("{} instead of {status}", response.status()).into())
    }
}

fn session_cookie(response: &Response) -> Outcome<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|it| it.to_str().ok());
    let pairs = cookies.filter_map(|cookie| cookie.split(';').next());
    let found = pairs.into_iter().find(|pair| pair.starts_with("parley_session="));
    Ok(found.ok_or("no session cookie")?.to_owned())
}

/// The value that so many of a hundred are below.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (percent / 100.0 * last as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn median_of_some(values: &[f64], random: &mut fastrand::Rng) -> f64 {
    let drawn = (0..values.len()).filter_map(|_| random.choice(values)).copied();
    percentile(&sorted(drawn.collect()), 50.0)
}

/// The bootstrap's 95 % interval of the ratio of two medians.
fn interval(over: &[f64], under: &[f64]) -> (f64, f64) {
    let mut random = fastrand::Rng::with_seed(4);
    let mut ratio = || median_of_some(over, &mut random) / median_of_some(under, &mut random);
    let ratios = sorted((0..RESAMPLES).map(|_| ratio()).collect());
    (percentile(&ratios, 2.5), percentile(&ratios, 97.5))
}

fn tell(what: &str, sorted: &[f64]) {
    let [p50, p90, p99] = [50.0, 90.0, 99.0].map(|percent| percentile(sorted, percent));
    println!("{what:<16} p50 {p50:8.3} ms   p90 {p90:8.3} ms   p99 {p99:8.3} ms");
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Measures two kinds of call, tells their times, and whether these tell them apart.
async fn pair(
    what: &str,
    names: [&str; 2],
    mut one: impl AsyncFnMut(usize) -> Outcome<Duration>,
    mut other: impl AsyncFnMut(usize) -> Outcome<Duration>,
) -> Outcome<bool> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for turn in 0..WARM_UP + CALLS {
        let (first, second);
        if turn % 2 == 0 {
            first = one(turn).await?;
            second = other(turn).await?;
        } else {
            second = other(turn).await?;
            first = one(turn).await?;
        }
        if turn >= WARM_UP {
            ones.push(millis(first));
            others.push(millis(second));
        }
    }
    let (ones, others) = (sorted(ones), sorted(others));
    println!("{what}, {CALLS} of each kind, taking turns:");
    tell(names[0], &ones);
    tell(names[1], &others);
    let ratio = percentile(&ones, 50.0) / percentile(&others, 50.0);
    let (low, high) = interval(&ones, &others);
    println!("ratio of medians {ratio:.4}, 95 % interval {low:.4} to {high:.4}\n");
    Ok(ALLOWED.contains(&low) && ALLOWED.contains(&high))
}

/// Log-ins and sign-ups, for names and addresses that are somebody's and that are not.
async fn answers_alike(api: &Api) -> Outcome<bool> {
    let by_name = pair(
        "log-ins by name",
        ["unknown name", "wrong password"],
        async |_| api.refusal("eve").await,
        async |_| api.refusal(NAME).await,
    );
    let by_name = by_name.await?;
    let by_address = pair(
        "log-ins by address",
        ["unknown address", "wrong password"],
        async |_| api.refusal("eve@example.com").await,
        async |_| api.refusal(EMAIL).await,
    );
    let by_address = by_address.await?;
    let sign_ups = pair(
        "sign-ups",
        ["new address", "known address"],
        async |turn| api.sign_up(turn, &format!("n{turn:02}@example.com")).await,
        async |turn| api.sign_up(turn, EMAIL).await,
    );
    Ok(sign_ups.await? && by_name && by_address)
}

async fn log_ins_a_second(api: &Api) -> Outcome<f64> {
    let begin = Instant::now();
    stream::iter(0..LOG_INS)
        .map(|_| async { Ok::<_, Box<dyn std::error::Error>>(api.log_in().await?.bytes().await?) })
        .buffer_unordered(AT_A_TIME)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(LOG_INS as f64 / begin.elapsed().as_secs_f64())
}

async fn refreshes(api: &Api) -> Outcome<Vec<f64>> {
    let mut cookie = session_cookie(&api.log_in().await?)?;
    let mut times = Vec::new();
    for turn in 0..WARM_UP + REFRESHES {
        let (next, time) = api.refresh(&cookie).await?;
        cookie = next;
        if turn >= WARM_UP {
            times.push(millis(time));
        }
    }
    Ok(sorted(times))
}

#[tokio::main]
async fn main() -> Outcome<ExitCode> {
    let settings = [("RATE_LIMITS", "off"), ("VERIFY_EMAIL", "on")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let laptop = laptop::start(Config { settings, ..Config::default() }).await?;
    let api = Api { http: Client::new(), url: laptop.http_url().to_owned() };
    let account = json!({ "username": NAME, "password": PASSWORD, "email": EMAIL });
    api.post("/v1/accounts", &account, 201).await?;
    let mails = laptop.mails();
    let link = mails.last().and_then(|mail| mail.link()).ok_or("no mail")?;
    let token = link.split_once("#token=").and_then(|(_, rest)| rest.split('&').next());
    api.post("/v1/emails/verify", &json!({ "token": token }), 200).await?;

    let alike = answers_alike(&api).await?;
    let a_second = log_ins_a_second(&api).await?;
    println!("{a_second:.1} log-ins a second, {AT_A_TIME} at a time");
    tell("refresh", &refreshes(&api).await?);
    laptop.stop().await;

    if alike {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "\nAn interval is not within 5 %: the time tells whose a name is, or the machine is busy."
    );
    Ok(ExitCode::FAILURE)
}
