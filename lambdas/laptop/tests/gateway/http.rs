use laptop::embedded::{Fault, Rule};
use laptop::{Config, Laptop};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::support::{refusal, request, start, token};

const PASSWORD: &str = "a cuckoo in the clockwork";

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Logs ada in; returns the Set-Cookie.
async fn login(laptop: &Laptop) -> String {
    let login = json!({"login": "ada", "password": PASSWORD});
    let url = format!("{}/v1/sessions", laptop.http_url());
    let login = Client::new().post(url).json(&login).send().await.unwrap();
    login.headers()["set-cookie"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn ping_and_the_keys() {
    let laptop = start(Config::default()).await;
    let pong = reqwest::get(format!("{}/ping", laptop.http_url())).await.unwrap();
    assert_eq!(pong.status(), StatusCode::OK);
    assert_eq!(pong.headers()["x-content-type-options"], "nosniff");
    assert_eq!(pong.text().await.unwrap(), "PONG!");
    let keys = format!("{}/.well-known/jwks.json", laptop.http_url());
    let keys = json_of(reqwest::get(keys).await.unwrap()).await;
    assert_eq!(keys["keys"][0]["kid"], laptop.signing_key().kid());
}

#[tokio::test]
async fn the_functions_see_headers_and_bodies() {
    let laptop = start(Config::default()).await;
    let url = |path: &str| format!("{}{path}", laptop.http_url());
    let me = Client::new().get(url("/v1/me")).bearer_auth(token(&laptop, "ada").await);
    assert_eq!(json_of(me.send().await.unwrap()).await["userId"], "u_ada");
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let post = Client::new().post(url("/v1/accounts")).json(&account).send().await.unwrap();
    assert_eq!(post.status(), StatusCode::CREATED);
    let cookie = login(&laptop).await;
    assert!(cookie.contains("HttpOnly") && !cookie.contains("Secure"), "plain http here");
}

#[tokio::test]
async fn settings_reach_the_functions() {
    let settings = [("COOKIE_SECURE".to_owned(), "on".to_owned())].into();
    let laptop = start(Config { settings, ..Config::default() }).await;
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let url = format!("{}/v1/accounts", laptop.http_url());
    let post = Client::new().post(url).json(&account).send().await.unwrap();
    assert_eq!(post.status(), StatusCode::CREATED);
    let cookie = login(&laptop).await;
    assert!(cookie.split("; ").any(|part| part == "Secure"), "{cookie}");
}

#[tokio::test]
async fn links_lead_to_the_port_that_was_free() {
    let laptop = start(Config::default()).await;
    let port = laptop.http_url().rsplit(':').next().unwrap();
    let settings = laptop.aws().settings("admin");
    assert_eq!(settings.read().required("SITE_URL"), format!("http://localhost:{port}"));
}

#[tokio::test]
async fn what_no_route_takes() {
    let laptop = start(Config::default()).await;
    for path in ["/v1/nothing", "/v1/accounts", "/.well-known/other", "/"] {
        let response = reqwest::get(format!("{}{path}", laptop.http_url())).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(json_of(response).await, json!({"message": "Not Found"}));
    }
}

#[tokio::test]
async fn a_route_with_a_parameter_reaches_its_function() {
    let laptop = start(Config::default()).await;
    let delete = async |path: &str| {
        let url = format!("{}{path}", laptop.http_url());
        json_of(Client::new().delete(url).send().await.unwrap()).await
    };
    // A function's refusal has a code, the platform's has none.
    assert!(delete("/v1/sessions/s_1").await["code"].is_string());
    assert_eq!(delete("/v1/sessions/s_1/s_2").await, json!({"message": "Not Found"}));
}

#[tokio::test]
async fn a_crash_and_a_large_body() {
    let laptop = start(Config::default()).await;
    laptop.faults().inject(Rule::on("PutItem").function("accounts").with(Fault::Crash));
    laptop.faults().inject(Rule::on("TransactWriteItems").function("accounts").with(Fault::Crash));
    laptop.faults().inject(Rule::on("GetItem").function("accounts").with(Fault::Crash));
    let url = format!("{}/v1/accounts", laptop.http_url());
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let response = Client::new().post(&url).json(&account).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(json_of(response).await, json!({"message": "Internal Server Error"}));

    let large = vec![b' '; 1024 * 1024 + 1];
    let response = Client::new().post(&url).body(large).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_site_and_its_single_page_fallback() {
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("index.html"), "<title>Parley</title>").unwrap();
    std::fs::create_dir(site.path().join("assets")).unwrap();
    std::fs::write(site.path().join("assets/app-1a2b.js"), "run()").unwrap();
    let config = Config { site: Some(site.path().to_owned()), ..Config::default() };
    let laptop = start(config).await;
    let get =
        async |path: &str| reqwest::get(format!("{}{path}", laptop.http_url())).await.unwrap();

    for path in ["/", "/rooms", "/rooms/general"] {
        let page = get(path).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        assert_eq!(page.headers()["cache-control"], "no-cache");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        assert!(page.text().await.unwrap().contains("Parley"));
    }
    let script = get("/assets/app-1a2b.js").await;
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get("/assets/app-old.js").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get("/v1/nothing").await.status(), StatusCode::NOT_FOUND);
    let post = Client::new().post(laptop.http_url()).send().await.unwrap();
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    let outside = get("/%2e%2e/%2e%2e/etc/passwd").await.text().await.unwrap();
    assert!(!outside.contains("root:"));
}

/// The status of a sign-up by a page, at a host.
async fn sign_up_at(laptop: &Laptop, host: &str, origin: Option<&str>, name: &str) -> StatusCode {
    let account = json!({"username": name, "password": PASSWORD});
    let url = format!("{}/v1/accounts", laptop.http_url());
    let mut post = Client::new().post(url).header("host", host).json(&account);
    if let Some(origin) = origin {
        post = post.header("origin", origin);
    }
    post.send().await.unwrap().status()
}

/// Opens a socket as a page of that host.
async fn socket_at(laptop: &Laptop, host: &str) -> tungstenite::handshake::client::Request {
    let mut request = request(laptop, &token(laptop, "ada").await);
    request.headers_mut().insert("host", host.parse().unwrap());
    request.headers_mut().insert("origin", format!("http://{host}").parse().unwrap());
    request
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_no_name_of_ours() {
    let laptop = start(Config::default()).await;
    let port = laptop.http_url().rsplit(':').next().unwrap();
    let evil = format!("evil.example:{port}");
    let page = format!("http://{evil}");
    assert_eq!(sign_up_at(&laptop, &evil, Some(&page), "eve").await, StatusCode::FORBIDDEN);
    assert_eq!(refusal(socket_at(&laptop, &evil).await).await.0, 403);
    // A tunnel may have another port.
    for (name, host) in ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .flat_map(|host| [format!("{host}:{port}"), format!("{host}:9000")])
        .enumerate()
    {
        let (name, page) = (format!("ada{}", name + 2), format!("http://{host}"));
        let status = sign_up_at(&laptop, &host, Some(&page), &name).await;
        assert_eq!(status, StatusCode::CREATED, "{host}");
        tokio_tungstenite::connect_async(socket_at(&laptop, &host).await).await.unwrap();
    }
    assert_eq!(sign_up_at(&laptop, &evil, None, "no-page").await, StatusCode::CREATED);
}

#[tokio::test]
async fn a_proxy_gives_a_name_of_its_own() {
    for (name, value) in
        [("SITE_URL", "https://chat.example"), ("ALLOWED_ORIGINS", "https://chat.example")]
    {
        let settings = [(name.to_owned(), value.to_owned())].into();
        let laptop = start(Config { settings, ..Config::default() }).await;
        let page = Some("https://chat.example");
        let status = sign_up_at(&laptop, "chat.example", page, "ada").await;
        assert_eq!(status, StatusCode::CREATED, "{name}");
    }
    let bind = std::net::Ipv4Addr::UNSPECIFIED.into();
    let laptop = start(Config { bind, ..Config::default() }).await;
    let status = sign_up_at(&laptop, "chat.example", Some("https://chat.example"), "ada").await;
    assert_eq!(status, StatusCode::CREATED, "it serves more than this machine");
}
