//! `parley-laptop`: Parley in one process, for development and for a small team.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use laptop::embedded::Mail;
use laptop::{Config, Data};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Parley in one process: chat, accounts, storage and web client, without a cloud.
#[derive(Debug, Parser)]
#[command(name = "parley-laptop", version, about, after_help = AFTER_HELP)]
struct Args {
    /// The port to listen on; 0 takes any free one
    #[arg(long, env = "PORT", default_value_t = 8080)]
    port: u16,
    /// The directory for database and signing key, made if missing
    #[arg(long, env = "DATA", default_value = ".parley", global = true)]
    data: PathBuf,
    /// The address to listen on; anything but a loopback address needs a TLS proxy in front
    #[arg(long, env = "BIND", default_value = "127.0.0.1", value_parser = address)]
    bind: IpAddr,
    /// The directory of the built web client; without it only the API is served
    #[arg(long, env = "SITE")]
    site: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new signing key in the data directory of a Parley that is stopped
    ///
    /// From the next start it signs access tokens. Those of the key before stay good until they
    /// expire, within 15 minutes, and nobody is logged out.
    RotateKey,
}

const AFTER_HELP: &str = "\
Also read from the environment (the value in brackets is what holds without it):
  RUST_LOG           level of the log [info]
  LOG_FORMAT         json: the log as JSON
  SIGNUP             who may sign up: open, domain or closed [open]
  SIGNUP_DOMAINS     the e-mail domains of SIGNUP=domain, separated by spaces
  VERIFY_EMAIL       on: log in only once the address is confirmed by its link [off]
  MAIL_FROM          the address that mails come from; empty: no mail
                     [parley@localhost; empty where --bind is not the loopback]
  SITE_URL           what links in mails begin with [http://localhost:PORT]
  ALLOWED_ORIGINS    the pages that may use the chat, separated by spaces; self is the host that was
                     called, loopback the same if it is localhost or its address
                     [loopback; self with SITE_URL or where --bind is not the loopback]
  TRUSTED_ISSUERS    a JSON list of whose tokens open sockets too, or @FILE that holds it
  RATE_LIMITS        off: no limits at all [on]
  ADDRESS_LIMITS     off: no limits per network address alone [on]
  TRUSTED_PROXIES    how many proxies stand in front and add to X-Forwarded-For [0]
  COOKIE_SECURE      on, for a TLS proxy in front: browsers keep the cookie from plain http [off]
  ALLOW_URL_TOKEN    off: a socket opens with a ticket, not with an access token in its URL [on]
  HANDOVER_AFTER_MS  how long a socket serves before its client opens the next

Mails are not sent: see http://localhost:PORT/_mailbox.
To move or back up: stop it, and copy the data directory.";

/// An address to listen on. Of all names only `localhost` means an address of this machine.
fn address(text: &str) -> Result<IpAddr, &'static str> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse().map_err(|_| "an IP address is expected, as 127.0.0.1 or 0.0.0.0")
}

fn main() -> ExitCode {
    let args = Args::parse();
    laptop::logging::start();
    let outcome = match args.command {
        Some(Command::RotateKey) => rotate_key(&args.data),
        None => run(args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // The one line is for a person; nothing is left to do if stderr is closed.
            drop(writeln!(io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}

fn rotate_key(data: &Path) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let rotated = laptop::rotate_key(data)?;
    if let Some(ago) = rotated.too_soon {
        let minutes = ago.as_secs() / 60;
        let warning = format!(
            "warning: the key was rotated only {minutes} minutes ago. Tokens of the key before that \
            are refused now; browsers get new ones by themselves."
        );
        drop(writeln!(io::stderr(), "{warning}"));
    }
    let laptop::embedded::Rotated { active, previous, .. } = rotated;
    let done = format!(
        "The key {active} signs from the next start. Tokens of {previous} stay good until they \
        expire."
    );
    drop(writeln!(io::stdout(), "{done}"));
    Ok(ExitCode::SUCCESS)
}

fn run(args: Args) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let files = raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(serve(args, files));
    // What still runs after a second Ctrl-C is not waited for.
    runtime.shutdown_background();
    code
}

async fn serve(args: Args, files: Option<u64>) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut stop = Stop::listen()?;
    let mut settings = laptop::environment::settings(|name| std::env::var(name).ok())?;
    if !args.bind.is_loopback() {
        // There is no mailbox then, so nobody is promised a mail.
        settings.entry("MAIL_FROM".to_owned()).or_default();
    }
    let laptop = laptop::start(Config {
        bind: args.bind,
        port: args.port,
        data: Data::Directory(args.data.clone()),
        site: args.site,
        settings,
        ..Config::default()
    })
    .await?;
    announce(&laptop, &args.data, files);
    if let Some(mails) = laptop.own_mails() {
        // Whoever reads our output may be slow, and holds nothing else up.
        tokio::task::spawn_blocking(|| show(mails));
    }

    stop.wait().await;
    tracing::info!("stopping; Ctrl-C again stops at once");
    let code = tokio::select! {
        () = laptop.stop() => ExitCode::SUCCESS,
        () = stop.wait() => ExitCode::from(130),
    };
    Ok(code)
}

fn announce(laptop: &laptop::Laptop, data: &Path, files: Option<u64>) {
    let address = laptop.http_url().replace("127.0.0.1", "localhost");
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let mut lines = format!("Parley is at {address}\nIts data is in {}\n", data.display());
    if let Some(files) = files {
        lines.push_str(&format!("Up to {files} files and sockets may be open\n"));
    }
    // Who closed our output does not want to know; the others are served all the same.
    drop(io::stdout().lock().write_all(lines.as_bytes()));
}

/// Prints each mail's link, so that somebody at the terminal can go on. Not through the log, which is
/// kept and read by others.
fn show(mut mails: broadcast::Receiver<Mail>) {
    loop {
        match mails.blocking_recv() {
            Ok(mail) => drop(writeln!(io::stdout(), "{}", mail.line())),
            // All of them are in the mailbox.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// A socket takes one descriptor, and many systems begin with 256 or 1,024.
fn raise_file_limit() -> Option<u64> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => Some(limit),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            None
        }
    }
}

/// Ctrl-C, or the request to terminate.
struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
