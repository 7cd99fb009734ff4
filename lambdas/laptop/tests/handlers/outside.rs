//! Tokens of outside issuers. What is refused is signed by the right key unless the test says
//! otherwise, so that it is refused for its own fault alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authorizer::issuers::{Issuers, parse};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use chat::clock::Timestamp;
use chat::identity::Identity;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use laptop::embedded::{Aws, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::authorizer::decide_by;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const SUBJECT: &str = "employee 42";

/// A key that signs, with its public half.
struct Key {
    algorithm: Algorithm,
    private: EncodingKey,
    /// `SubjectPublicKeyInfo`.
    spki: Vec<u8>,
    pem: String,
    jwk: Value,
}

fn pem_of(label: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(label, der))
}

fn p256(kid: &str) -> Key {
    let key = SigningKey::generate().unwrap();
    let pem = key.public_pem();
    let spki = pem::parse(&pem).unwrap().into_contents();
    // The point is the end of the structure: x and y.
    let (x, y) = (&spki[spki.len() - 64..spki.len() - 32], &spki[spki.len() - 32..]);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
        "x": B64.encode(x), "y": B64.encode(y),
    });
    let private = EncodingKey::from_ec_der(key.pkcs8_der());
    Key { algorithm: Algorithm::ES256, private, spki, pem, jwk }
}

fn rsa(size: KeySize) -> Key {
    let pair = RsaPair::generate(size).unwrap();
    let pkcs8 = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair);
    let private = pem_of("PRIVATE KEY", pkcs8.unwrap().as_ref());
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let spki = spki.as_ref().to_vec();
    let private = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
    let pem = pem_of("PUBLIC KEY", &spki);
    Key { algorithm: Algorithm::RS256, private, spki, pem, jwk: Value::Null }
}

fn ed25519() -> Key {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let spki = spki.as_ref().to_vec();
    let private = EncodingKey::from_ed_der(pkcs8.as_ref());
    let pem = pem_of("PUBLIC KEY", &spki);
    Key { algorithm: Algorithm::EdDSA, private, spki, pem, jwk: Value::Null }
}

fn secret(bytes: &[u8]) -> Key {
    Key {
        algorithm: Algorithm::HS256,
        private: EncodingKey::from_secret(bytes),
        spki: Vec::new(),
        pem: String::new(),
        jwk: Value::Null,
    }
}

/// A listener that counts who comes, and answers as it is told.
struct Listener {
    url: String,
    visits: Arc<AtomicUsize>,
    answer: Arc<Mutex<Answer>>,
}

#[derive(Clone)]
enum Answer {
    Keys(Vec<Value>),
    Text(String),
    Status(StatusCode),
    Redirect(String),
    Silence,
}

impl Listener {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let visits = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(Mutex::new(answer));
        let (count, says) = (Arc::clone(&visits), Arc::clone(&answer));
        let router = Router::new().fallback(move || {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = says.lock().unwrap().clone();
            async move { answer.into_response().await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, visits, answer }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    fn says(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

impl Answer {
    async fn into_response(self) -> Response {
        match self {
            Self::Keys(keys) => json!({ "keys": keys }).to_string().into_response(),
            Self::Text(text) => text.into_response(),
            Self::Status(status) => status.into_response(),
            Self::Redirect(to) => Redirect::temporary(&to).into_response(),
            Self::Silence => std::future::pending().await,
        }
    }
}

/// An issuer of the tests, and what it signs with.
struct Outside {
    namespace: &'static str,
    key: Key,
    /// What its tokens' headers name.
    kid: Option<&'static str>,
}

impl Outside {
    fn iss(&self) -> String {
        format!("https://{}.example", self.namespace)
    }

    fn header(&self) -> Value {
        let mut header = json!({ "typ": "JWT", "alg": name_of(self.key.algorithm) });
        if let Some(kid) = self.kid {
            header["kid"] = json!(kid);
        }
        header
    }

    fn claims(&self) -> Value {
        let now = Timestamp::now().seconds();
        json!({
            "iss": self.iss(), "aud": "parley", "sub": SUBJECT, "username": "ada",
            "iat": now, "exp": now + 900,
        })
    }

    fn token(&self) -> String {
        self.sign(&self.header(), &self.claims())
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(header, claims, &self.key)
    }
}

fn name_of(algorithm: Algorithm) -> String {
    json!(algorithm).as_str().unwrap().to_owned()
}

/// Signs what no library would write.
fn sign(header: &Value, claims: &Value, key: &Key) -> String {
    let message = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = crypto::sign(message.as_bytes(), &key.private, key.algorithm).unwrap();
    format!("{message}.{signature}")
}

fn with(value: &Value, field: &str, other: Value) -> Value {
    let mut value = value.clone();
    value[field] = other;
    value
}

fn without(value: &Value, field: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(field);
    value
}

/// Four issuers, one of each kind, and an authorizer that trusts them.
struct World {
    aws: Aws,
    ctx: authorizer::Ctx,
    issuers: Vec<Outside>,
    jwks: Listener,
    _files: TempDir,
}

fn entry(namespace: &str, source: &str, value: &str) -> Value {
    json!({
        "namespace": namespace, "issuer": format!("https://{namespace}.example"),
        "audience": "parley", "nameClaim": "username", source: value,
    })
}

/// An authorizer on AWS as Terraform sets it: without tokens of our own in URLs.
fn authorizer_with(aws: &Aws, entries: &Value, url_token: &str) -> authorizer::Ctx {
    let key = aws.signing_key();
    let settings = [
        ("TABLE_ACCOUNTS", aws.table("accounts")),
        ("PUBLIC_KEYS", json!([{ "kid": key.kid(), "pem": key.public_pem() }]).to_string()),
        ("ALLOWED_ORIGINS", "self".to_owned()),
        ("ALLOW_URL_TOKEN", url_token.to_owned()),
        ("TRUSTED_ISSUERS", entries.to_string()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    authorizer::Ctx::new(&aws.sdk_config("authorizer"), &settings).unwrap()
}

impl World {
    async fn new() -> Self {
        Self::with_url_token("off").await
    }

    async fn with_url_token(url_token: &str) -> Self {
        let aws = Aws::in_memory().await.unwrap();
        let files = tempfile::tempdir().unwrap();
        let file = files.path().join("secret");
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        let issuers = vec![
            Outside { namespace: "shared", key: secret(SECRET.as_bytes()), kid: None },
            Outside { namespace: "pinned", key: p256("p"), kid: None },
            Outside { namespace: "big", key: rsa(KeySize::Rsa2048), kid: None },
            Outside { namespace: "idp", key: p256("k1"), kid: Some("k1") },
        ];
        let jwks = Listener::start(Answer::Keys(vec![issuers[3].key.jwk.clone()])).await;
        let entries = json!([
            entry("shared", "secretFile", file.to_str().unwrap()),
            entry("pinned", "publicKeyPem", &issuers[1].key.pem),
            entry("big", "publicKeyPem", &issuers[2].key.pem),
            entry("idp", "jwksUrl", &jwks.url),
        ]);
        let ctx = authorizer_with(&aws, &entries, url_token);
        Self { aws, ctx, issuers, jwks, _files: files }
    }

    async fn lets_in(&self, token: &str) -> Option<Value> {
        decide_by(&self.ctx, token).await
    }

    async fn refuses(&self, what: &str, token: &str) {
        assert!(self.lets_in(token).await.is_none(), "{what} was let in: {token}");
    }
}

#[tokio::test]
async fn a_good_token_opens_whatever_else_it_claims() {
    let world = World::new().await;
    for issuer in &world.issuers {
        let (header, claims, now) = (issuer.header(), issuer.claims(), Timestamp::now().seconds());
        let context = world.lets_in(&issuer.token()).await.expect(issuer.namespace);
        assert_eq!(context["username"], format!("{}/ada", issuer.namespace));
        assert_eq!(context["tokenExpiresAt"], claims["exp"].to_string());
        let id = context["userId"].as_str().unwrap();
        assert!(id.starts_with("x_") && id.len() == 45, "{id}");

        let claiming = json!({
            "role": "admin", "admin": true, "sid": "s_1", "sessionId": "s_1", "userId": "u_1",
            "name": "root", "tokenExpiresAt": "99999999999", "principalId": "u_1",
        });
        let mut more = claims.clone();
        more.as_object_mut().unwrap().extend(claiming.as_object().unwrap().clone());
        for (what, header, claims) in [
            ("no typ", without(&header, "typ"), claims.clone()),
            ("typ at+jwt", with(&header, "typ", json!("at+JWT")), claims.clone()),
            ("a list of one", header.clone(), with(&claims, "aud", json!(["parley"]))),
            ("nbf", header.clone(), with(&claims, "nbf", json!(now))),
            ("leeway", header.clone(), with(&claims, "exp", json!(now - 20))),
            ("more claims", header.clone(), more),
            ("jku", with(&header, "jku", json!(world.jwks.url)), claims.clone()),
        ] {
            let mut again = world.lets_in(&issuer.sign(&header, &claims)).await.expect(what);
            again["tokenExpiresAt"] = context["tokenExpiresAt"].clone();
            assert_eq!(again, context, "{what} of {}", issuer.namespace);
        }
    }
    assert_eq!(world.jwks.visits(), 1, "one fetch for all");
}

#[tokio::test]
async fn every_kind_of_key_verifies_by_its_own_algorithms() {
    let aws = Aws::in_memory().await.unwrap();
    let mut pss = rsa(KeySize::Rsa3072);
    pss.algorithm = Algorithm::PS256;
    for key in [ed25519(), pss] {
        let entries = json!([entry("one", "publicKeyPem", &key.pem)]);
        let ctx = authorizer_with(&aws, &entries, "off");
        let mut issuer = Outside { namespace: "one", key, kid: None };
        assert!(decide_by(&ctx, &issuer.token()).await.is_some(), "{:?}", issuer.key.algorithm);
        if issuer.key.algorithm == Algorithm::PS256 {
            issuer.key.algorithm = Algorithm::PS512;
            assert!(decide_by(&ctx, &issuer.token()).await.is_none());
        }
    }
}

#[tokio::test]
async fn a_claim_that_is_wrong_or_missing_is_refused() {
    let world = World::new().await;
    for issuer in &world.issuers {
        let (header, claims) = (issuer.header(), issuer.claims());
        let now = Timestamp::now().seconds();
        let set = |field: &str, value: Value| with(&claims, field, value);
        let times = |iat: i64, exp: i64| with(&set("iat", json!(iat)), "exp", json!(exp));
        for (what, claims) in [
            ("another audience", set("aud", json!("parley-chat"))),
            ("two audiences", set("aud", json!(["parley", "other"]))),
            ("no audience in a list", set("aud", json!([]))),
            ("no audience", without(&claims, "aud")),
            ("audience null", set("aud", Value::Null)),
            ("an unknown issuer", set("iss", json!("https://evil.example"))),
            ("our own issuer", set("iss", json!("parley"))),
            ("a longer issuer", set("iss", json!(format!("{}/", issuer.iss())))),
            ("a list of issuers", set("iss", json!([issuer.iss()]))),
            ("no issuer", without(&claims, "iss")),
            ("expired", times(now - 900, now - 31)),
            ("expired long ago", times(1, 2)),
            ("from the future", times(now + 60, now + 900)),
            ("16 minutes", times(now - 60, now + 900)),
            ("a year", times(now, now + 31_536_000)),
            ("no end", without(&claims, "exp")),
            ("no beginning", without(&claims, "iat")),
            ("end null", set("exp", Value::Null)),
            ("end a text", set("exp", json!((now + 900).to_string()))),
            ("end a fraction", set("exp", json!(1e300))),
            ("beginning below zero", times(i64::MIN, now + 900)),
            ("end beyond all", times(now, i64::MAX)),
            ("not yet", set("nbf", json!(now + 60))),
            ("not before a text", set("nbf", json!("tomorrow"))),
            ("no subject", without(&claims, "sub")),
            ("subject empty", set("sub", json!(""))),
            ("subject long", set("sub", json!("a".repeat(256)))),
            ("subject huge", set("sub", json!("a".repeat(10 * 1_024)))),
            ("subject a number", set("sub", json!(42))),
            ("subject null", set("sub", Value::Null)),
        ] {
            world.refuses(what, &issuer.sign(&header, &claims)).await;
        }
        let twice = claims.to_string().replacen('{', "{\"sub\":\"root\",", 1);
        let message = format!("{}.{}", B64.encode(header.to_string()), B64.encode(twice));
        let key = &issuer.key;
        let signature = crypto::sign(message.as_bytes(), &key.private, key.algorithm).unwrap();
        world.refuses("a claim twice", &format!("{message}.{signature}")).await;
    }
}

#[tokio::test]
async fn a_header_that_is_wrong_is_refused() {
    let world = World::new().await;
    for issuer in &world.issuers {
        let (header, claims) = (issuer.header(), issuer.claims());
        let mut headers = vec![
            with(&header, "typ", json!("logout+jwt")),
            with(&header, "typ", json!("dpop+jwt")),
            with(&header, "typ", json!("")),
            with(&header, "crit", json!(["exp"])),
            with(&header, "crit", json!([])),
            with(&header, "crit", json!("exp")),
            without(&header, "alg"),
            json!([]),
            json!("alg"),
        ];
        for alg in ["none", "None", "NONE", "nOnE", "", "HS384", "ES384", "RS512", "PS512", "es256"]
        {
            headers.push(with(&header, "alg", json!(alg)));
        }
        if issuer.kid.is_some() {
            for kid in KIDS {
                headers.push(with(&header, "kid", json!(kid)));
            }
            headers.push(with(&header, "kid", json!(["k1"])));
        }
        for header in headers {
            world.refuses(&header.to_string(), &issuer.sign(&header, &claims)).await;
        }
    }
    assert!(world.jwks.visits() <= 1, "a kid is no reason to ask every time");
}

/// What a `kid` may try to be: a file, a query, an address, a template.
const KIDS: [&str; 12] = [
    "",
    "k2",
    "K1",
    "k1 ",
    "k1\u{0}",
    "../../../../dev/null",
    "/proc/self/environ",
    "' OR '1'='1",
    "k1'; DROP TABLE accounts; --",
    "http://127.0.0.1/keys",
    "file:///etc/passwd",
    "$(id)",
];

#[tokio::test]
async fn a_token_that_is_cut_or_patched_is_refused() {
    let world = World::new().await;
    for issuer in &world.issuers {
        let token = issuer.token();
        let [header, claims, signature] =
            <[&str; 3]>::try_from(token.split('.').collect::<Vec<_>>()).unwrap();
        let root = B64.encode(with(&issuer.claims(), "username", json!("root")).to_string());
        let none = B64.encode(r#"{"alg":"none","typ":"JWT"}"#);
        for patched in [
            format!("{header}.{claims}."),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.{}", B64.encode([0; 64])),
            format!("{header}.{root}.{signature}"),
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{token}="),
            format!("{token}.{signature}"),
            format!(".{token}"),
            format!(" {token}"),
            format!("{token}\n"),
            format!("Bearer {token}"),
            format!("{token}{}", "A".repeat(9_000)),
        ] {
            world.refuses("patched", &patched).await;
        }
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let world = World::new().await;
    for issuer in world.issuers.iter().filter(|issuer| !issuer.key.spki.is_empty()) {
        let key = &issuer.key;
        let point = &key.spki[key.spki.len() - 65..];
        let jwk = key.jwk.to_string();
        let one_line = key.pem.replace('\n', "");
        let crlf = key.pem.replace('\n', "\r\n");
        for known in [
            key.pem.as_bytes(),
            key.pem.trim_end().as_bytes(),
            one_line.as_bytes(),
            crlf.as_bytes(),
            &key.spki,
            B64.encode(&key.spki).as_bytes(),
            point,
            &point[1..],
            jwk.as_bytes(),
            b"",
            &[0; 32],
            issuer.iss().as_bytes(),
        ] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let mut forged = secret(known);
                forged.algorithm = algorithm;
                let header = with(&issuer.header(), "alg", json!(name_of(algorithm)));
                world.refuses("a secret", &sign(&header, &issuer.claims(), &forged)).await;
            }
        }
    }
    // And the other way round: the issuer with a secret takes no key pair.
    let shared = &world.issuers[0];
    for key in [p256("k1"), rsa(KeySize::Rsa2048), ed25519()] {
        let header = with(&shared.header(), "alg", json!(name_of(key.algorithm)));
        world.refuses("a key pair", &sign(&header, &shared.claims(), &key)).await;
    }
}

#[tokio::test]
async fn a_key_or_its_address_in_a_token_is_not_looked_at() {
    let world = World::new().await;
    let thief = p256("thief");
    let trap = Listener::start(Answer::Keys(vec![thief.jwk.clone()])).await;
    // Once, so that the keys are there.
    assert!(world.lets_in(&world.issuers[3].token()).await.is_some());
    let fetched = world.jwks.visits();
    let certificate = base64::engine::general_purpose::STANDARD.encode(&thief.spki);
    for issuer in &world.issuers {
        let base = with(&issuer.header(), "alg", json!("ES256"));
        for (field, value) in [
            ("jku", json!(trap.url)),
            ("x5u", json!(trap.url)),
            ("jwk", thief.jwk.clone()),
            ("x5c", json!([certificate])),
            ("kid", json!(trap.url)),
            ("kid", json!("thief")),
            ("url", json!(trap.url)),
        ] {
            let header = with(&base, field, value);
            world.refuses(field, &sign(&header, &issuer.claims(), &thief)).await;
            let claims = with(&issuer.claims(), field, json!(trap.url));
            world.refuses(field, &sign(&header, &claims, &thief)).await;
        }
        // The file that is empty everywhere, as a secret.
        let header = with(&with(&base, "alg", json!("HS256")), "kid", json!("/dev/null"));
        world.refuses("an empty secret", &sign(&header, &issuer.claims(), &secret(b""))).await;
    }
    assert_eq!(trap.visits(), 0, "an address in a token was visited");
    assert_eq!(world.jwks.visits(), fetched, "unknown kids within a minute ask nobody");
}

#[tokio::test]
async fn no_issuer_speaks_for_another_or_for_us() {
    let world = World::with_url_token("on").await;
    let own = world.aws.signing_key();
    let ours = Key {
        algorithm: Algorithm::ES256,
        private: EncodingKey::from_ec_der(own.pkcs8_der()),
        spki: Vec::new(),
        pem: own.public_pem(),
        jwk: Value::Null,
    };
    let now = Timestamp::now().seconds();
    let local = json!({
        "iss": "parley", "aud": "parley-chat", "sub": "u_1", "name": "ada", "sid": "s_1",
        "jti": "j", "iat": now, "exp": now + 900,
    });
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": own.kid() });
    for issuer in &world.issuers {
        // A token of ours by a key of theirs, under every name that the key may have.
        for kid in [json!(own.kid()), json!("k1"), Value::Null] {
            let header =
                with(&with(&header, "kid", kid), "alg", json!(name_of(issuer.key.algorithm)));
            world.refuses("a token of ours", &issuer.sign(&header, &local)).await;
        }
        // Theirs by ours.
        for header in [issuer.header(), header.clone()] {
            let header = with(&header, "alg", json!("ES256"));
            world.refuses("ours", &sign(&header, &issuer.claims(), &ours)).await;
        }
        // Theirs by each other's.
        for other in &world.issuers {
            if other.namespace != issuer.namespace {
                let mut header = other.header();
                header["kid"] = json!("k1");
                world.refuses("another issuer", &other.sign(&header, &issuer.claims())).await;
            }
        }
    }
}

#[tokio::test]
async fn an_outside_name_is_never_one_of_ours() {
    let world = World::new().await;
    let issuer = &world.issuers[0];
    let named = async |name: Value, subject: &str| {
        let claims = with(&with(&issuer.claims(), "username", name), "sub", json!(subject));
        let context = world.lets_in(&issuer.sign(&issuer.header(), &claims)).await?;
        Some(context["username"].as_str().unwrap().to_owned())
    };
    assert_eq!(named(json!("ada"), SUBJECT).await.as_deref(), Some("shared/ada"));
    assert_eq!(named(json!("u_1"), SUBJECT).await.as_deref(), Some("shared/u_1"));
    // No name: the subject, if it is one.
    assert_eq!(named(Value::Null, "ada.l").await.as_deref(), Some("shared/ada.l"));
    assert_eq!(named(json!("parley/ada"), "bob").await.as_deref(), Some("shared/bob"));
    let id = format!("u_{}", "a".repeat(22));
    for none in [&*id, "ada.", "a__b", "i\u{307}da"] {
        assert_eq!(named(json!(none), "bob").await.as_deref(), Some("shared/bob"), "{none}");
    }
    for name in [
        json!("parley/ada"),
        json!("/ada"),
        json!("../ada"),
        json!("ada/"),
        json!("a"),
        json!(""),
        json!("a".repeat(33)),
        json!("\u{430}da"),
        json!("ada\u{202e}"),
        json!("ada\u{200b}"),
        json!("ａｄａ"),
        json!("ada\u{2215}x"),
        json!("ada x"),
        json!("ada\n"),
        json!("<b>ada</b>"),
        json!(["ada"]),
        json!(42),
        Value::Null,
    ] {
        assert_eq!(named(name.clone(), SUBJECT).await, None, "{name}");
    }
}

#[tokio::test]
async fn one_subject_at_two_issuers_is_two_people() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for issuer in &world.issuers {
        let first = world.lets_in(&issuer.token()).await.unwrap();
        let renamed = with(&issuer.claims(), "username", json!("ada.l"));
        let second = world.lets_in(&issuer.sign(&issuer.header(), &renamed)).await.unwrap();
        assert_eq!(first["userId"], second["userId"], "a name does not make a person");
        ids.push(first["userId"].to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), world.issuers.len());
}

#[tokio::test]
async fn a_secret_that_is_short_or_missing_opens_nothing() {
    let aws = Aws::in_memory().await.unwrap();
    let files = tempfile::tempdir().unwrap();
    for (what, content) in [
        ("short", Some("0123456789abcdef0123456789abcde")),
        ("padded", Some("   0123456789abcdef0123456789     \n\n")),
        ("empty", Some("")),
        ("missing", None),
    ] {
        let file = files.path().join(what);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let entries = json!([entry("shared", "secretFile", file.to_str().unwrap())]);
        let ctx = authorizer_with(&aws, &entries, "off");
        for known in [content.unwrap_or_default(), content.unwrap_or_default().trim()] {
            let issuer = Outside { namespace: "shared", key: secret(known.as_bytes()), kid: None };
            assert!(decide_by(&ctx, &issuer.token()).await.is_none(), "{what}");
        }
    }
}

#[tokio::test]
async fn tokens_of_ours_stay_forbidden_in_urls_where_they_are() {
    let world = World::new().await;
    let key = world.aws.signing_key();
    let now = Timestamp::now().seconds();
    let claims = json!({
        "iss": "parley", "aud": "parley-chat", "sub": "u_1", "name": "ada", "sid": "s_1",
        "jti": "j", "iat": now, "exp": now + 900,
    });
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": key.kid() });
    let ours = Key {
        algorithm: Algorithm::ES256,
        private: EncodingKey::from_ec_der(key.pkcs8_der()),
        spki: Vec::new(),
        pem: String::new(),
        jwk: Value::Null,
    };
    world.refuses("a token of ours", &sign(&header, &claims, &ours)).await;
}

/// An issuer with a live key set, at a time of the test's own.
struct Live {
    issuers: Issuers,
    jwks: Listener,
    start: i64,
}

impl Live {
    async fn start(answer: Answer) -> Self {
        let jwks = Listener::start(answer).await;
        let trusted = parse(&json!([entry("idp", "jwksUrl", &jwks.url)]).to_string()).unwrap();
        let aws = Aws::in_memory().await.unwrap();
        let issuers = Issuers::new(trusted, &aws.sdk_config("authorizer")).unwrap();
        Self { issuers, jwks, start: Timestamp::now().seconds() }
    }

    /// What a token of this key says so many seconds after the start, issued right then.
    async fn at(&self, second: i64, key: &Key, kid: Option<&str>) -> Option<Identity> {
        let now = self.start + second;
        let mut header = json!({ "typ": "JWT", "alg": name_of(key.algorithm) });
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        let claims = json!({
            "iss": "https://idp.example", "aud": "parley", "sub": SUBJECT, "username": "ada",
            "iat": now, "exp": now + 900,
        });
        let token = sign(&header, &claims, key);
        let issuer = self.issuers.of(&token).unwrap();
        self.issuers.identify(issuer, &token, Timestamp(now * 1_000)).await
    }
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let (old, new) = (p256("old"), p256("new"));
    let live = Live::start(Answer::Keys(vec![old.jwk.clone()])).await;
    assert!(live.at(0, &old, Some("old")).await.is_some());
    live.jwks.says(Answer::Keys(vec![old.jwk.clone(), new.jwk.clone()]));
    assert!(live.at(59, &new, Some("new")).await.is_none(), "asked a minute ago");
    assert!(live.at(60, &new, Some("new")).await.is_some());
    assert!(live.at(61, &old, Some("old")).await.is_some());
    assert_eq!(live.jwks.visits(), 2);

    live.jwks.says(Answer::Keys(vec![new.jwk.clone()]));
    assert!(live.at(959, &old, Some("old")).await.is_some(), "kept for a quarter of an hour");
    assert!(live.at(960, &old, Some("old")).await.is_none());
    assert!(live.at(960, &new, Some("new")).await.is_some());
    assert_eq!(live.jwks.visits(), 3);
}

#[tokio::test]
async fn strangers_cannot_make_it_ask_more_than_once_a_minute() {
    let key = p256("k1");
    let live = Live::start(Answer::Keys(vec![key.jwk.clone()])).await;
    for second in 0..300 {
        assert!(live.at(second, &p256("x"), Some(&format!("x{second}"))).await.is_none());
    }
    assert_eq!(live.jwks.visits(), 5);
}

#[tokio::test]
async fn when_the_issuer_fails_its_keys_stay() {
    let (key, thief) = (p256("k1"), p256("k1"));
    let live = Live::start(Answer::Keys(vec![key.jwk.clone()])).await;
    assert!(live.at(0, &key, Some("k1")).await.is_some());
    let trap = Listener::start(Answer::Keys(vec![thief.jwk.clone()])).await;
    let padded = json!({ "keys": [thief.jwk], "padding": "x".repeat(256 * 1_024) }).to_string();
    let mut second = 0;
    for answer in [
        Answer::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Answer::Status(StatusCode::NO_CONTENT),
        Answer::Redirect(trap.url.clone()),
        Answer::Text(padded),
        Answer::Text("<html>".to_owned()),
        Answer::Silence,
    ] {
        live.jwks.says(answer);
        second += 1_000;
        let visits = live.jwks.visits();
        assert!(live.at(second, &key, Some("k1")).await.is_some());
        assert!(live.at(second, &thief, Some("k1")).await.is_none());
        assert_eq!(live.jwks.visits(), visits + 1);
    }
    assert_eq!(trap.visits(), 0, "a redirect was followed");
}

#[tokio::test]
async fn those_who_come_together_share_one_fetch() {
    let key = p256("k1");
    let live = Live::start(Answer::Keys(vec![key.jwk.clone()])).await;
    let all = (0..30).map(|_| live.at(0, &key, Some("k1")));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(Option::is_some));
    assert_eq!(live.jwks.visits(), 1);
}

#[tokio::test]
async fn a_token_without_a_kid_needs_the_only_key() {
    let (one, two) = (p256("k1"), p256("k2"));
    let live = Live::start(Answer::Keys(vec![one.jwk.clone()])).await;
    assert!(live.at(0, &one, None).await.is_some());
    assert!(live.at(0, &two, None).await.is_none());
    live.jwks.says(Answer::Keys(vec![one.jwk.clone(), two.jwk.clone()]));
    assert!(live.at(900, &one, None).await.is_none(), "either might be meant");
    assert!(live.at(900, &one, Some("k1")).await.is_some());
}
