//! `parley-scenarios`: checks a Parley by its addresses, wherever it runs.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use scenarios::smoke::Account;
use scenarios::{ALL, Body, Capability, Failure, Platform, Scenario, WRITERS};

/// Checks a Parley by its addresses, wherever it runs.
#[derive(Debug, Parser)]
#[command(name = "parley-scenarios", version, about)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the scenarios, one after another, on a body that nobody else uses meanwhile; the people
    /// and messages that they make stay there
    Run(RunArgs),
    /// Name the scenarios, and what each needs of the platform
    List,
    /// Check in a few seconds that a stage serves
    Smoke(SmokeArgs),
}

#[derive(Debug, Args)]
struct Addresses {
    /// The HTTP API, as in https://abc.execute-api.eu-west-1.amazonaws.com
    #[arg(long, value_name = "URL", env = "PARLEY_HTTP_URL", value_parser = http_url)]
    http_url: String,
    /// The socket, as in wss://abc.execute-api.eu-west-1.amazonaws.com/v1
    #[arg(long, value_name = "URL", env = "PARLEY_WEBSOCKET_URL", value_parser = websocket_url)]
    websocket_url: String,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    addresses: Addresses,
    /// What is beneath the body: scenarios that need what it lacks are left out
    #[arg(long, value_enum, default_value_t = Platform::Aws)]
    body: Platform,
    /// What this body lacks besides, as in url-token
    #[arg(long, value_name = "CAPABILITY", value_enum, value_delimiter = ',')]
    lacks: Vec<Capability>,
    /// Run these only; one that the body cannot run is then an error
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = scenario)]
    only: Vec<Scenario>,
    /// How many people send at once in the crowd's scenario
    #[arg(long, value_name = "COUNT", default_value_t = WRITERS, value_parser = writers)]
    writers: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "The account is that of SMOKE_USER and SMOKE_PASSWORD in the environment. \
    Its message is read by everybody in the room `general`.")]
struct SmokeArgs {
    #[command(flatten)]
    addresses: Addresses,
    /// The page, as in https://abc.cloudfront.net
    #[arg(long, value_name = "URL", env = "PARLEY_SITE_URL", value_parser = http_url)]
    site_url: Option<String>,
    /// Sign up a new account, which stays, when the environment names none
    #[arg(long)]
    throw_away: bool,
}

fn http_url(text: &str) -> Result<String, String> {
    url(text, "https", "http")
}

fn websocket_url(text: &str) -> Result<String, String> {
    url(text, "wss", "ws")
}

fn url(text: &str, scheme: &str, plain: &str) -> Result<String, String> {
    let rest = text.strip_prefix(scheme).or_else(|| text.strip_prefix(plain));
    match rest.and_then(|rest| rest.strip_prefix("://")) {
        Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', '@']) => Ok(text.to_owned()),
        _ => Err(format!("an address without a query is expected, as {scheme}://host/path")),
    }
}

fn scenario(name: &str) -> Result<Scenario, &'static str> {
    let found = ALL.iter().find(|scenario| scenario.name == name);
    found.copied().ok_or("no scenario has this name; `parley-scenarios list` shows all")
}

fn writers(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|count| *count > 0).ok_or("a number from 1 is expected")
}

fn main() -> ExitCode {
    match run(Program::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Nothing is left to do if stderr is closed.
            drop(writeln!(io::stderr(), "{failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<bool, Failure> {
    let out = io::stdout();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::List => {
            scenarios::list(out)?;
            Ok(true)
        }
        Command::Run(args) => {
            let capabilities = args.body.capabilities().iter().copied();
            let capabilities = capabilities.filter(|has| !args.lacks.contains(has));
            let mut body = body(&args.addresses, capabilities)?;
            body.writers = args.writers;
            runtime.block_on(scenarios::run(&body, &args.only, out))
        }
        Command::Smoke(args) => {
            let account = account(args.throw_away).unwrap_or_else(|error| error.exit());
            let body = body(&args.addresses, [])?;
            let smoke =
                scenarios::smoke::smoke(&body, args.site_url.as_deref(), account.as_ref(), out);
            runtime.block_on(smoke)
        }
    }
}

fn body(
    addresses: &Addresses,
    capabilities: impl IntoIterator<Item = Capability>,
) -> Result<Body, Failure> {
    Body::new(&addresses.http_url, &addresses.websocket_url, capabilities)
}

/// Whose account the environment names: a password on the command line would show in the list of
/// processes.
fn account(throw_away: bool) -> Result<Option<Account>, clap::Error> {
    // A CI hands on a secret that is not set as an empty one.
    let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (read("SMOKE_USER"), read("SMOKE_PASSWORD")) {
        (Some(login), Some(password)) => Ok(Some(Account::Existing { login, password })),
        (None, None) => Ok(throw_away.then_some(Account::ThrowAway)),
        _ => Err(Program::command().error(
            ErrorKind::MissingRequiredArgument,
            "SMOKE_USER and SMOKE_PASSWORD go together: set both, or neither",
        )),
    }
}
