//! A function's settings: the environment variables that Terraform gives it on AWS, or the same
//! names from the body that calls it in process.

use std::collections::BTreeMap;
use std::time::Duration;

/// Named values. Each function reads what it needs once, when it starts, through a
/// [`Reader`], which reports everything that is missing or wrong together.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, String>);

// Values may be key material one day; names suffice to find a mistake.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Everything that is wrong with a function's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("settings: {}", .0.join("; "))]
pub struct SettingsError(Vec<String>);

impl Settings {
    /// This process's environment.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Begins to read; [`Reader::finish`] ends it.
    #[must_use]
    pub fn read(&self) -> Reader<'_> {
        Reader { settings: self, problems: Vec::new() }
    }
}

/// Reads settings and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    settings: &'a Settings,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.settings.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Several nouns of a function may read the same setting: one mistake is said once.
    fn problem(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// A value that must be there.
    pub fn required(&mut self, name: &str) -> String {
        let value = self.get(name).map(str::to_owned);
        value.unwrap_or_else(|| {
            self.problem(format!("{name} is not set"));
            String::new()
        })
    }

    /// `on` or `off`.
    pub fn switch(&mut self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some("on") => true,
            Some("off") => false,
            Some(_) => {
                self.problem(format!("{name} is neither on nor off"));
                default
            }
        }
    }

    /// A whole number.
    pub fn number<T: std::str::FromStr>(&mut self, name: &str, default: T) -> T {
        match self.get(name).map(str::parse) {
            None => default,
            Some(Ok(number)) => number,
            Some(Err(_)) => {
                self.problem(format!("{name} is not a whole number in its range"));
                default
            }
        }
    }

    /// A duration, in milliseconds.
    pub fn millis(&mut self, name: &str, default: Duration) -> Duration {
        let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.number(name, default))
    }

    /// A value, if it is set.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// A required address of a site, `http://host` or `https://host` with what may stand behind it;
    /// without a slash at the end.
    pub fn url(&mut self, name: &str) -> String {
        let url = self.required(name);
        let url = url.trim_end_matches('/');
        let is_url = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
        if !is_url.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain)) {
            self.problem(format!("{name} is not an address as in https://chat.example"));
        }
        url.to_owned()
    }

    /// One of these words; the first when it is not set.
    pub fn one_of<'w>(&mut self, name: &str, words: &[&'w str]) -> &'w str {
        let default = words.first().copied().unwrap_or_default();
        let Some(value) = self.get(name) else { return default };
        match words.iter().find(|word| **word == value) {
            Some(word) => word,
            None => {
                self.problem(format!("{name} is none of {}", words.join(", ")));
                default
            }
        }
    }

    /// Words with white space between them; none when it is not set.
    pub fn words(&mut self, name: &str) -> Vec<String> {
        self.get(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    /// Something that is wrong with several settings together.
    pub fn wrong(&mut self, problem: &str) {
        self.problem(problem.to_owned());
    }

    /// A required value that `parse` must take.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.required(name);
        if value.is_empty() { None } else { self.parsed_or(name, "", parse) }
    }

    /// A value that `parse` must take, or what it makes of `default`.
    pub fn parsed_or<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.get(name).unwrap_or(default)) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.problem(format!("{name}: {error}"));
                None
            }
        }
    }

    /// Ends the reading with what [`Reader::parsed`] found.
    ///
    /// # Errors
    /// All that was missing or wrong, together.
    pub fn finish_with<T>(mut self, parsed: Option<T>) -> Result<T, SettingsError> {
        if parsed.is_none() && self.problems.is_empty() {
            self.problem("a setting could not be read".to_owned());
        }
        match parsed {
            Some(parsed) if self.problems.is_empty() => Ok(parsed),
            _ => Err(SettingsError(self.problems)),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All that was missing or wrong, together.
    pub fn finish(self) -> Result<(), SettingsError> {
        if self.problems.is_empty() { Ok(()) } else { Err(SettingsError(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn reports_all_problems_together() {
        let settings = settings(&[("A", "maybe"), ("B", "-1")]);
        let mut read = settings.read();
        assert!(read.switch("A", true));
        assert_eq!(read.millis("B", Duration::from_secs(2)), Duration::from_secs(2));
        read.required("C");
        read.required("C");
        let message = read.finish().unwrap_err().to_string();
        for part in ["A is neither on nor off", "B is not a whole number", "C is not set"] {
            assert_eq!(message.matches(part).count(), 1, "{message}");
        }
    }

    #[test]
    fn values_do_not_reach_a_log() {
        assert!(!format!("{:?}", settings(&[("KEY", "hunter2")])).contains("hunter2"));
    }
}
