//! What was found out, beside what is assumed.

use crate::text::{WARN, tick};
use serde::Serialize;
use std::io::{self, Write};

/// An assumption, beside what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) question: &'static str,
    pub(super) assumed: String,
    pub(super) found: String,
    pub(super) verdict: Verdict,
    /// A line of relay.toml that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<String>,
}

/// Whether the assumption may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Holds,
    DoesNotHold,
    /// Not within the time that was given, or not with what the account has.
    NotFoundOut,
}

/// For people.
pub(super) fn print(findings: &[Finding], to: &mut dyn Write) -> io::Result<()> {
    for Finding { question, assumed, found, verdict, set } in findings {
        let sign = match verdict {
            Verdict::Holds => tick(true),
            Verdict::DoesNotHold => tick(false),
            Verdict::NotFoundOut => format!("{WARN}?{WARN:#}"),
        };
        writeln!(to, "{sign} {question}\n    assumed: {assumed}\n    found:   {found}")?;
        if let Some(set) = set {
            writeln!(to, "    set:     {set}")?;
        }
    }
    Ok(())
}

/// Whether all of it may stand.
pub(super) fn all_hold(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.verdict == Verdict::Holds)
}
