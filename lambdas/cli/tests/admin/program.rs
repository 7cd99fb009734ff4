//! The program, and what it said.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// `parley admin ...` without a terminal, and with this environment alone.
pub(crate) async fn parley(words: &[&str], environment: &[(&str, &str)]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_parley"))
        .arg("admin")
        .args(words)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The same, at the laptop of this data directory.
pub(crate) async fn at(data: &Path, words: &[&str]) -> Said {
    let place = [("DATA", data.to_str().unwrap()), ("USER", "grace"), ("HOSTNAME", "hopper")];
    parley(words, &place).await
}
