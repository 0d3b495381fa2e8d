//! The page's end: what its words mean, and the certificates that it rests on.

use super::{
    table::table,
    words::{counted, day, number},
};
use crate::text::instant;
use maud::{Markup, html};
use reviews::history::History;
use std::collections::BTreeSet;

/// The words of the page.
pub(super) fn how_to_read() -> Markup {
    let words = [
        (
            "Confirmed",
            "The order was read back from Yotpo. An answer of “OK” alone is not taken for delivery: Yotpo is known to drop orders without a word.",
        ),
        ("Accepted", "Yotpo said yes, and has some hours left to show the order."),
        ("Skipped", "A rule says not to send it, such as an order without an e-mail address."),
        ("Refused", "Yotpo will not have it, and says why."),
        (
            "Open",
            "Being sent, missing at Yotpo and about to be sent again, of unknown outcome, or parked: waiting for a person’s decision.",
        ),
        (
            "Certificate",
            "What was proven of a store’s business day, from the source, the ledger and Yotpo, when it was last looked at. The numbers by day and by reason are the certificates’; times, attempts and what waits for a person are as the ledger has them now, so that the two may differ by what happened in between.",
        ),
    ];
    html! {
        section {
            h2 { "How to read this" }
            dl.read.small { @for (word, means) in words { dt { (word) } dd { (means) } } }
        }
    }
}

/// What the numbers rest on; the report was made with settings of this SHA-256.
pub(super) fn certificates(history: &History, config_sha256: &str) -> Markup {
    let settings: BTreeSet<&str> = history.certificates.iter().map(|c| c.config_sha256.as_str()).collect();
    let head =
        ["day", "store", "", "issued", "settings", "completed", "found at Yotpo", "unexpected there", "sent again"];
    let rows = history.certificates.iter().map(|c| {
        let complete = match (c.complete, c.quiet) {
            (true, false) => "complete",
            (true, true) => "complete, quiet",
            (false, false) => "not complete",
            (false, true) => "not complete, quiet",
        };
        let digest = c.config_sha256.get(..12).unwrap_or(&c.config_sha256);
        let words =
            [day(c.business_day), c.store.to_string(), complete.to_owned(), instant(c.issued_at), digest.to_owned()];
        let numbers = [c.source.completed, c.destination.found, c.destination.unexpected, c.repaired];
        words.into_iter().chain(numbers.map(number)).collect()
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
