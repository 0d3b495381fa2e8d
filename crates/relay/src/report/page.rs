//! The page: one file that needs nothing else, with no script in it and nothing that is loaded from anywhere.

use super::{
    calendar::{calendar, standing},
    plots::{Bar, Fill, bars, delivered, patterns},
    series::is_weekly,
    words::{counted, day, number, per_cent, range, reason},
};
use crate::text::instant;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use reviews::history::{Day, History, Standing};
use std::collections::{BTreeMap, BTreeSet};

/// Most lines of a plot by reason; the rest is one line.
const REASONS: usize = 12;

/// What the page says beside the numbers.
pub(super) struct About<'a> {
    pub(super) stack: &'a str,
    /// One store's report only.
    pub(super) store: Option<&'a str>,
    /// SHA-256 of the settings that the report was made with.
    pub(super) config_sha256: &'a str,
    pub(super) made_at: DateTime<Utc>,
}

/// The whole document.
pub(super) fn page(history: &History, about: &About<'_>) -> String {
    let (Some(first), Some(last)) = (history.days.first(), history.days.last()) else { return String::new() };
    let days = range(first.business_day, last.business_day);
    let whose = about.store.map_or_else(|| "all stores".to_owned(), |store| format!("store {store}"));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Whatever the page came through: nothing is loaded and nothing runs.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="referrer" content="no-referrer";
                title { "Orders to Yotpo, " (days) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                (patterns())
                main {
                    header {
                        h1 { "Orders to Yotpo, " (days) }
                        p.soft { (whose) " · stack " (about.stack) " · made " (about.made_at.format("%-d %b %Y, %H:%M UTC")) }
                    }
                    (headline(history))
                    (by_day(history))
                    (skipped(history))
                    (times(history))
                    (failures(history))
                    (open_days(history))
                    (how_to_read())
                    (certificates(history, about))
                }
            }
        }
    }
    .into_string()
}

fn headline(history: &History) -> Markup {
    let sum = |of: fn(&Day) -> usize| history.sum(of);
    let (completed, confirmed, accepted) = (sum(|d| d.completed), sum(|d| d.confirmed), sum(|d| d.accepted));
    let (skipped, rejected, open) = (sum(|d| d.skipped), sum(|d| d.rejected), sum(|d| d.open));
    let [complete, not_complete, without] =
        [Standing::Complete, Standing::NotComplete, Standing::NoCertificate].map(|standing| history.standing(standing));
    let days = complete + not_complete + without;
    let tile = |name: &str, n: String, more: String, bad: bool| {
        html! { div.bad[bad] { dt { (name) } dd { b { (n) } small.soft { (more) } } } }
    };
    html! {
        p.verdict.bad[not_complete + without > 0] {
            @if days == 0 {
                strong { "There is nothing to report." } " All of these days were over before the first night."
            } @else if not_complete + without == 0 {
                strong { "Every day is complete." }
                " Each completed order was seen at Yotpo, or was left out for a reason that is named below."
            } @else {
                @if not_complete > 0 {
                    strong { (number(not_complete)) " of " (counted(days, "day")) @if not_complete == 1 { " is" } @else { " are" } " not complete." }
                    " Of " (counted(open + accepted, "order")) " it is not proven yet what became of them. "
                }
                @if without > 0 {
                    strong { (counted(without, "day")) @if without == 1 { " has" } @else { " have" } " no certificate." }
                    " Nobody has looked yet."
                }
            }
        }
        dl.tiles {
            (tile("Completed", number(completed), "orders at the source".to_owned(), false))
            (tile("Delivered", number(confirmed), if accepted > 0 { format!("seen at Yotpo; {} more accepted", number(accepted)) } else { format!("seen at Yotpo: {}", per_cent(confirmed, completed)) }, false))
            (tile("Skipped", number(skipped), format!("by rule: {}", per_cent(skipped, completed)), false))
            (tile("Refused", number(rejected), "by Yotpo, for good".to_owned(), false))
            (tile("Open", number(open), "in work, or waiting for somebody".to_owned(), open > 0))
            (tile("Days complete", number(complete), format!("of {}", number(days)), complete < days))
        }
    }
}

fn by_day(history: &History) -> Markup {
    let head = ["", "completed", "confirmed", "accepted", "open", "skipped", "refused"];
    let rows = history.days.iter().map(|d| {
        let numbers = [d.completed, d.confirmed, d.accepted, d.open, d.skipped, d.rejected];
        std::iter::once(day(d.business_day)).chain(numbers.map(number)).collect()
    });
    html! {
        figure {
            figcaption {
                h2 { @if is_weekly(&history.days) { "Delivered by week" } @else { "Delivered by day" } }
                p.soft.small {
                    "Orders that were to be sent, by the business day on which they were completed."
                    @if is_weekly(&history.days) { " A column is the seven days from its date on." }
                }
            }
            (delivered(history))
            (table(&head, rows))
        }
    }
}

fn skipped(history: &History) -> Markup {
    let lines: Vec<Bar> = longest(&history.skipped_by_reason, "", Fill::Plain);
    html! {
        figure {
            figcaption {
                h2 { "Skipped by reason" }
                p.soft.small { "Never sent, by rule. An order whose reason is mended at the source is sent after all." }
            }
            @if lines.is_empty() { p { "None." } } @else { (bars(&lines, Some(history.sum(|day| day.skipped)))) }
            (by_reason("reason", &history.skipped_by_reason))
        }
    }
}

fn times(history: &History) -> Markup {
    let timed: usize = history.time_to_deliver.iter().map(|wait| wait.deliveries).sum();
    let bar =
        |wait: &reviews::history::Wait| Bar { label: wait.after.to_owned(), n: wait.deliveries, fill: Fill::Good };
    let lines: Vec<Bar> = history.time_to_deliver.iter().map(bar).collect();
    let rows = lines.iter().map(|bar| vec![bar.label.clone(), number(bar.n), per_cent(bar.n, timed)]);
    html! {
        figure {
            figcaption {
                h2 { "Time to deliver" }
                p.soft.small {
                    "From the end of an order's business day, where its store is, until Yotpo accepted it. "
                    @if let (Some(half), Some(most)) = (history.within(50), history.within(90)) {
                        @if half == most { "Nine in ten within " (half) "." }
                        @else { "Half within " (half) ", nine in ten within " (most) "." }
                    }
                }
            }
            @if timed == 0 { p { "None was delivered." } } @else { (bars(&lines, Some(timed))) }
            @if history.time_unknown > 0 {
                p.soft.small { "Of " (counted(history.time_unknown, "delivery").replace("deliverys", "deliveries")) " the time is not known: seen at Yotpo, and the acceptance was never written down." }
            }
            (table(&["after the day’s end", "deliveries", "share"], rows))
        }
    }
}

fn failures(history: &History) -> Markup {
    let mut lines = longest(&history.rejected_by_reason, "refused: ", Fill::Bad);
    lines.extend(longest(&history.parked_by_reason, "waits for a person: ", Fill::Open));
    for (label, n) in
        [("needed more than one attempt", history.attempted_again), ("were sent again", history.sent_again)]
    {
        lines.extend((n > 0).then(|| Bar { label: label.to_owned(), n, fill: Fill::Plain }));
    }
    let rows = lines.iter().map(|bar| vec![bar.label.clone(), number(bar.n)]);
    html! {
        figure {
            figcaption {
                h2 { "What went wrong" }
                p.soft.small {
                    "Refused: only a change at the source helps. Attempts fail while a service is down, and are made again by "
                    "themselves; what Yotpo took and does not show is sent again."
                }
            }
            @if lines.is_empty() { p { "Nothing." } } @else { (bars(&lines, None)) (table(&["what", "orders"], rows)) }
        }
    }
}

fn open_days(history: &History) -> Markup {
    let open =
        history.days.iter().filter(|day| matches!(day.standing, Standing::NotComplete | Standing::NoCertificate));
    let rows: Vec<Vec<String>> = open
        .map(|d| vec![day(d.business_day), standing(d.standing).to_owned(), number(d.accepted), number(d.open)])
        .collect();
    html! {
        figure {
            figcaption {
                h2 { "Open days" }
                p.soft.small { "A day is complete when every order of it was seen at Yotpo, skipped or refused, in every store." }
            }
            (calendar(&history.days))
            @if !rows.is_empty() { (table(&["day", "standing", "accepted", "open"], rows.into_iter())) }
        }
    }
}

fn how_to_read() -> Markup {
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

fn certificates(history: &History, about: &About<'_>) -> Markup {
    let settings: BTreeSet<&str> = history.certificates.iter().map(|c| c.config_sha256.as_str()).collect();
    let head =
        ["day", "store", "", "issued", "settings", "completed", "found at Yotpo", "unexpected there", "sent again"];
    let rows = history.certificates.iter().map(|c| {
        let complete = if c.complete { "complete" } else { "not complete" };
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
                "This report was made with the settings of SHA-256 " code { (about.config_sha256) } "."
            }
            (table(&head, rows))
        }
    }
}

/// The commonest reasons, the rest in one line.
fn longest(by_reason: &BTreeMap<String, usize>, kind: &str, fill: Fill) -> Vec<Bar> {
    let mut all: Vec<(&String, usize)> =
        by_reason.iter().map(|(reason, n)| (reason, *n)).filter(|(_, n)| *n > 0).collect();
    all.sort_by_key(|(reason, n)| (std::cmp::Reverse(*n), *reason));
    let rest = all.split_off(all.len().min(REASONS));
    let bar = |text: &str, n| {
        let words = reason(text);
        // What the vendor says is a sentence, in which it is named.
        let label = if words.contains(':') { words } else { format!("{kind}{words}") };
        Bar { label, n, fill }
    };
    let mut bars: Vec<Bar> = all.into_iter().map(|(reason, n)| bar(reason, n)).collect();
    if !rest.is_empty() {
        bars.push(bar(&counted(rest.len(), "other reason"), rest.iter().map(|(_, n)| n).sum()));
    }
    bars
}

fn by_reason(what: &str, by_reason: &BTreeMap<String, usize>) -> Markup {
    table(&[what, "orders"], by_reason.iter().map(|(reason, n)| vec![reason.clone(), number(*n)]))
}

/// The numbers behind a plot.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    html! {
        details {
            summary { "The numbers" }
            div.wide {
                table {
                    thead { tr { @for name in head { th scope="col" { (name) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
