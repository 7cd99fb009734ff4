//! The development mailbox, and whom it is not for.

use laptop::{Config, Laptop};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::start;

async fn with_mail(config: Config) -> Laptop {
    let laptop = start(config).await;
    send(&laptop, "first").await;
    send(&laptop, "second").await;
    laptop
}

async fn send(laptop: &Laptop, subject: &str) {
    use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
    let part = |text: &str| Content::builder().data(text).build().unwrap();
    let body = Body::builder().text(part("http://localhost:1/verify#token=v_1")).build();
    let message = Message::builder().subject(part(subject)).body(body).build();
    let ses = aws_sdk_sesv2::Client::new(&laptop.aws().sdk_config("accounts"));
    let mail = ses.send_email().from_email_address("parley@localhost");
    let to = Destination::builder().to_addresses("ada@example.com").build();
    let content = EmailContent::builder().simple(message).build();
    mail.destination(to).content(content).send().await.unwrap();
}

fn get(laptop: &Laptop, path: &str) -> RequestBuilder {
    Client::new().get(format!("{}{path}", laptop.http_url()))
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_page_and_a_list() {
    let laptop = with_mail(Config::default()).await;
    let page = get(&laptop, "/_mailbox").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(page.contains("<a href=\"http://localhost:1/verify#token=v_1\""), "{page}");
    assert!(page.find(">second<").unwrap() < page.find(">first<").unwrap());
    let style = get(&laptop, "/_mailbox/style.css").send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");

    let list = get(&laptop, "/_mailbox/messages").send().await.unwrap().text().await.unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let sent_at = &list[0]["sentAt"];
    let expected = json!({
        "from": "parley@localhost", "to": ["ada@example.com"], "subject": "first",
        "text": "http://localhost:1/verify#token=v_1", "html": "", "sentAt": sent_at,
    });
    assert_eq!(list[0], expected);
    assert_eq!(list[1]["subject"], "second");
}

#[tokio::test]
async fn names_of_this_machine_and_no_other() {
    let laptop = with_mail(Config::default()).await;
    let asked = async |host: &str| status(get(&laptop, "/_mailbox").header("host", host)).await;
    for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]:8080"] {
        assert_eq!(asked(host).await, StatusCode::OK, "{host}");
    }
    for host in ["chat.example", "localhost.chat.example", "127.0.0.1.chat.example", "192.0.2.1"] {
        assert_eq!(asked(host).await, StatusCode::NOT_FOUND, "{host}");
    }
}

#[tokio::test]
async fn nobody_behind_a_proxy() {
    let laptop = with_mail(Config::default()).await;
    for (name, value) in [
        ("forwarded", "for=192.0.2.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        for path in ["/_mailbox", "/_mailbox/messages"] {
            let asked = get(&laptop, path).header(name, value);
            assert_eq!(status(asked).await, StatusCode::NOT_FOUND, "{name} {path}");
        }
    }
    let old = get(&laptop, "/_mailbox").version(reqwest::Version::HTTP_10);
    assert_eq!(status(old).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn not_where_others_can_reach_the_laptop() {
    let laptop = with_mail(Config { bind: "0.0.0.0".parse().unwrap(), ..Config::default() }).await;
    let url = laptop.http_url().replace("0.0.0.0", "127.0.0.1");
    for path in ["/_mailbox", "/_mailbox/messages", "/_mailbox/style.css"] {
        let asked = Client::new().get(format!("{url}{path}"));
        assert_eq!(status(asked).await, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn nothing_but_reading() {
    let laptop = with_mail(Config::default()).await;
    let url = format!("{}/_mailbox/messages", laptop.http_url());
    let delete = Client::new().request(Method::DELETE, url);
    assert_eq!(status(delete).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(status(get(&laptop, "/_mailbox/other")).await, StatusCode::NOT_FOUND);
    assert_eq!(laptop.mails().len(), 2);
}

#[tokio::test]
async fn a_terminal_shows_links_of_this_machine_only() {
    let site = |url: &str| [("SITE_URL".to_owned(), url.to_owned())].into();
    let shown = async |config: Config| start(config).await.own_mails().is_some();
    assert!(shown(Config::default()).await);
    let own = site("http://localhost:3000");
    assert!(shown(Config { settings: own, ..Config::default() }).await);
    let public = site("https://chat.example");
    assert!(!shown(Config { settings: public, ..Config::default() }).await);
    let everywhere = "0.0.0.0".parse().unwrap();
    assert!(!shown(Config { bind: everywhere, ..Config::default() }).await);
}
