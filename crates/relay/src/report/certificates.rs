//! The certificates that the page rests on.

use super::{
    table::table,
    words::{counted, number},
};
use crate::text::instant;
use maud::{Markup, html};
use reconciliation::{Destination, history::DayHistory};
use std::collections::BTreeSet;

/// A line each; the report was made with settings of this SHA-256.
pub(super) fn certificates(history: &DayHistory, to: &str, config_sha256: &str) -> Markup {
    let settings: BTreeSet<&str> = history.certificates.iter().map(|c| c.config_sha256.as_str()).collect();
    let found = format!("found at {to}");
    let head = ["day", "store", "", "issued", "settings", "completed", &found, "unexpected there", "sent again"];
    let rows = history.certificates.iter().map(|c| {
        let complete = match (c.complete, c.quiet) {
            (true, false) => "complete",
            (true, true) => "complete, quiet",
            (false, false) => "not complete",
            (false, true) => "not complete, quiet",
        };
        let digest = c.config_sha256.get(..12).unwrap_or(&c.config_sha256);
        let words = [
            c.business_day.to_string(),
            c.store.to_string(),
            complete.to_owned(),
            instant(c.issued_at),
            digest.to_owned(),
        ];
        // A destination that shows no orders was not asked for any.
        let shown =
            |of: fn(&Destination) -> usize| c.destination.as_ref().map_or("–".to_owned(), |there| number(of(there)));
        let (found, unexpected) = (shown(|there| there.found), shown(|there| there.unexpected));
        words.into_iter().chain([number(c.source.completed), found, unexpected, number(c.repaired)]).collect()
    });
    html! {
        section {
            h2 { "Certificates" }
            p.small {
                (counted(history.certificates.len(), "certificate")) ", under " (counted(settings.len(), "version")) " of the settings. "
                "This report was made with the settings of SHA-256 " code { (config_sha256) } "."
            }
            (table(&head, rows))
        }
    }
}
