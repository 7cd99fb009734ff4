//! `parley-scenarios`: checks a Parley by its addresses, wherever it runs.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use scenarios::smoke::Account;
use scenarios::{
    ALL, Admin, Body, Capability, Failure, Mailbox, Outside, Platform, Scenario, WRITERS,
};

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
#[command(after_help = "Scenarios of outside people need the issuer https://intranet.example in \
    TRUSTED_ISSUERS, for the audience parley and with the namespace intranet; its secret stands in \
    PARLEY_OUTSIDE_SECRET in the environment.")]
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
    /// The page, as in https://abc.cloudfront.net; the HTTP API's address when it is not said
    #[arg(long, value_name = "URL", env = "PARLEY_SITE_URL", value_parser = http_url)]
    site_url: Option<String>,
    /// Where the mails that were sent can be read, as in http://127.0.0.1:8080/_mailbox/messages
    #[arg(long, value_name = "URL", env = "PARLEY_MAILBOX_URL", value_parser = http_url)]
    mailbox_url: Option<String>,
    /// The command of administrators, as in "parley admin --data .parley --json"
    #[arg(long, value_name = "COMMAND", env = "PARLEY_ADMIN")]
    admin: Option<String>,
    /// The admin function on AWS: asked by the `parley` beside this program when there is no --admin
    #[arg(long, value_name = "NAME", env = "PARLEY_ADMIN_FUNCTION")]
    admin_function: Option<String>,
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
            let body = body_of(&args)?.unwrap_or_else(|error| error.exit());
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

/// The body of a run. What its platform can do, and nobody has told where, is an error of usage: a
/// scenario that is silently left out proves nothing.
fn body_of(args: &RunArgs) -> Result<Result<Body, clap::Error>, Failure> {
    let can = args.body.capabilities().iter().copied();
    let mut body = body(&args.addresses, can.filter(|has| !args.lacks.contains(has)))?;
    body.writers = args.writers;
    if let Some(url) = &args.site_url {
        body.site_url = url.trim_end_matches('/').into();
    }
    body.mailbox = args.mailbox_url.as_deref().map(Mailbox::at);
    body.admin = admin(args)?;
    body.outside = variable("PARLEY_OUTSIDE_SECRET").map(|secret| Outside::intranet(&secret));
    for (capability, is_there, how) in [
        (Capability::Mailbox, body.mailbox.is_some(), "--mailbox-url"),
        (Capability::Admin, body.admin.is_some(), "--admin"),
        (Capability::Outside, body.outside.is_some(), "PARLEY_OUTSIDE_SECRET"),
    ] {
        let needs = |scenario: &Scenario| scenario.needs.contains(&capability);
        let is_needed = args.only.is_empty() || args.only.iter().any(needs);
        if is_needed && !is_there && body.capabilities.contains(&capability) {
            let message = format!("give {how}, or say --lacks {capability}");
            return Ok(Err(Program::command().error(ErrorKind::MissingRequiredArgument, message)));
        }
    }
    Ok(Ok(body))
}

fn admin(args: &RunArgs) -> Result<Option<Admin>, Failure> {
    Ok(match (&args.admin, &args.admin_function) {
        (Some(command), _) => Some(Admin::program(command)),
        (None, Some(function)) => {
            let name = format!("parley{}", std::env::consts::EXE_SUFFIX);
            let parley = std::env::current_exe()?.with_file_name(name);
            Some(Admin::function(&parley, function))
        }
        (None, None) => None,
    })
}

/// A variable of the environment. A CI hands on one that is not set as an empty one.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whose account the environment names: a password on the command line would show in the list of
/// processes.
fn account(throw_away: bool) -> Result<Option<Account>, clap::Error> {
    match (variable("SMOKE_USER"), variable("SMOKE_PASSWORD")) {
        (Some(login), Some(password)) => Ok(Some(Account::Existing { login, password })),
        (None, None) => Ok(throw_away.then_some(Account::ThrowAway)),
        _ => Err(Program::command().error(
            ErrorKind::MissingRequiredArgument,
            "SMOKE_USER and SMOKE_PASSWORD go together: set both, or neither",
        )),
    }
}
