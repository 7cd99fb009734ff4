use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::Failure;

/// What was checked, told line by line while it goes on.
#[derive(Debug)]
pub(crate) struct Report<W> {
    out: W,
    since: Instant,
    passed: usize,
    failed: usize,
    left_out: usize,
}

impl<W: Write> Report<W> {
    /// A report of nothing yet.
    pub(crate) fn new(out: W) -> Self {
        Self { out, since: Instant::now(), passed: 0, failed: 0, left_out: 0 }
    }

    /// Tells how a check ends, which it must within this time, and returns what it found.
    ///
    /// # Errors
    /// When the report cannot be written. A failed check is a line of it.
    pub(crate) async fn check<T>(
        &mut self,
        what: impl fmt::Display,
        limit: Duration,
        check: impl Future<Output = Result<T, Failure>>,
    ) -> io::Result<Option<T>> {
        let since = Instant::now();
        let outcome = tokio::time::timeout(limit, check).await.unwrap_or_else(|_| {
            Err(Failure::new(format!("it takes longer than {} s", limit.as_secs())))
        });
        let seconds = since.elapsed().as_secs_f64();
        let found = match outcome {
            Ok(found) => {
                self.passed += 1;
                writeln!(self.out, "ok     {seconds:6.1} s  {what}")?;
                Some(found)
            }
            Err(failure) => {
                self.failed += 1;
                writeln!(self.out, "FAILED {seconds:6.1} s  {what}: {failure}")?;
                None
            }
        };
        self.out.flush()?;
        Ok(found)
    }

    /// Tells what is not checked, and why.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub(crate) fn leave_out(
        &mut self,
        what: impl fmt::Display,
        why: impl fmt::Display,
    ) -> io::Result<()> {
        self.left_out += 1;
        writeln!(self.out, "left out         {what}: {why}")
    }

    /// Tells the sums, and whether nothing failed.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub(crate) fn end(mut self) -> io::Result<bool> {
        let Self { passed, failed, left_out, .. } = self;
        let seconds = self.since.elapsed().as_secs_f64();
        writeln!(
            self.out,
            "{passed} passed, {failed} failed, {left_out} left out, in {seconds:.1} s"
        )?;
        Ok(failed == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn each_check_has_a_line_and_a_failed_one_fails_the_whole() {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out);
        assert_eq!(report.check("one", LIMIT, async { Ok(1) }).await.unwrap(), Some(1));
        let refused = async { Err::<(), _>(Failure::new("it was refused")) };
        assert_eq!(report.check("two", LIMIT, refused).await.unwrap(), None);
        let silent = std::future::pending::<Result<(), Failure>>();
        assert_eq!(report.check("three", LIMIT, silent).await.unwrap(), None);
        report.leave_out("four", "for a reason").unwrap();
        assert!(!report.end().unwrap());

        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("ok ") && lines[0].ends_with(" s  one"), "{text}");
        assert!(
            lines[1].starts_with("FAILED") && lines[1].contains("two: it was refused"),
            "{text}"
        );
        assert!(lines[2].contains("three: it takes longer than 0 s"), "{text}");
        assert!(
            lines[3].starts_with("left out") && lines[3].ends_with("four: for a reason"),
            "{text}"
        );
        assert!(lines[4].starts_with("1 passed, 2 failed, 1 left out, in "), "{text}");
    }

    #[tokio::test]
    async fn what_is_left_out_fails_nothing() {
        let mut report = Report::new(Vec::new());
        report.check("one", LIMIT, async { Ok(()) }).await.unwrap();
        report.leave_out("two", "for a reason").unwrap();
        assert!(report.end().unwrap());
    }
}
