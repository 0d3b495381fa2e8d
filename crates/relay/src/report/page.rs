//! The page: one file that needs nothing else, with no script in it and nothing that is loaded from anywhere.

use super::{
    calendar::{calendar, standing},
    certificates::certificates,
    headline::headline,
    plots::{Bar, bars, delivered},
    table::table,
    words::{counted, number, per_cent, reason},
};
use crate::flow::Flow;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use reconciliation::history::{DayHistory, DayStanding};
use std::collections::BTreeMap;

/// Most lines of a plot by reason; the rest is one line.
const REASONS: usize = 12;

/// What the page says beside the numbers.
pub(super) struct About<'a> {
    pub(super) flow: Flow,
    pub(super) stack: &'a str,
    /// One store's report only.
    pub(super) store: Option<&'a str>,
    /// SHA-256 of the settings that the report was made with.
    pub(super) config_sha256: &'a str,
    pub(super) made_at: DateTime<Utc>,
}

/// The whole document.
pub(super) fn page(history: &DayHistory, about: &About<'_>) -> String {
    let (Some(first), Some(last)) = (history.days.first(), history.days.last()) else { return String::new() };
    let to = about.flow.destination();
    let heading = format!("Orders to {to}, {} to {}", first.business_day, last.business_day);
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
                title { (heading) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main {
                    header {
                        h1 { (heading) }
                        p.soft { (whose) " · stack " (about.stack) " · made " (about.made_at.format("%-d %b %Y, %H:%M UTC")) }
                    }
                    (headline(history, to))
                    (by_day(history, to))
                    (skipped(history))
                    (times(history, to))
                    (failures(history, to))
                    (open_days(history, to))
                    (certificates(history, to, about.config_sha256))
                }
            }
        }
    }
    .into_string()
}

fn by_day(history: &DayHistory, to: &str) -> Markup {
    let head = ["", "completed", "confirmed", "accepted", "open", "skipped", "refused"];
    let rows = history.days.iter().map(|d| {
        let numbers = [d.completed, d.confirmed, d.accepted, d.open, d.skipped, d.rejected];
        std::iter::once(d.business_day.to_string()).chain(numbers.map(number)).collect()
    });
    html! {
        figure {
            figcaption {
                h2 { "Delivered by day" }
                p.soft.small { "Orders that were to be sent, by the business day on which they were completed." }
            }
            (delivered(&history.days, to))
            (table(&head, rows))
        }
    }
}

fn skipped(history: &DayHistory) -> Markup {
    let lines: Vec<Bar> = longest(&history.skipped_by_reason, "", "plain");
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

fn times(history: &DayHistory, to: &str) -> Markup {
    let timed: usize = history.time_to_deliver.iter().map(|wait| wait.deliveries).sum();
    let bar = |wait: &reconciliation::history::Wait| Bar {
        label: wait.after.to_owned(),
        n: wait.deliveries,
        fill: "confirmed",
    };
    let lines: Vec<Bar> = history.time_to_deliver.iter().map(bar).collect();
    let rows = lines.iter().map(|bar| vec![bar.label.clone(), number(bar.n), per_cent(bar.n, timed)]);
    html! {
        figure {
            figcaption {
                h2 { "Time to deliver" }
                p.soft.small {
                    "From the end of an order's business day, where its store is, until " (to) " accepted it. "
                    @if let (Some(half), Some(most)) = (history.within(50), history.within(90)) {
                        @if half == most { "Nine in ten within " (half) "." }
                        @else { "Half within " (half) ", nine in ten within " (most) "." }
                    }
                }
            }
            @if timed == 0 { p { "None was delivered." } } @else { (bars(&lines, Some(timed))) }
            @if history.time_unknown > 0 {
                p.soft.small { "Of " (number(history.time_unknown)) " more the time is not known: seen at " (to) ", and the acceptance was never written down." }
            }
            (table(&["after the day’s end", "deliveries", "share"], rows))
        }
    }
}

fn failures(history: &DayHistory, to: &str) -> Markup {
    let mut lines = longest(&history.rejected_by_reason, "refused: ", "refused");
    lines.extend(longest(&history.parked_by_reason, "waits for a person: ", "open"));
    for (label, n) in
        [("needed more than one attempt", history.attempted_again), ("were sent again", history.sent_again)]
    {
        lines.extend((n > 0).then(|| Bar { label: label.to_owned(), n, fill: "plain" }));
    }
    let rows = lines.iter().map(|bar| vec![bar.label.clone(), number(bar.n)]);
    html! {
        figure {
            figcaption {
                h2 { "What went wrong" }
                p.soft.small {
                    "Refused: only a change at the source helps. Attempts fail while a service is down, and are made again by "
                    "themselves; what " (to) " took and does not show is sent again."
                }
            }
            @if lines.is_empty() { p { "Nothing." } } @else { (bars(&lines, None)) (table(&["what", "orders"], rows)) }
        }
    }
}

fn open_days(history: &DayHistory, to: &str) -> Markup {
    let open =
        history.days.iter().filter(|day| matches!(day.standing, DayStanding::NotComplete | DayStanding::NoCertificate));
    let rows: Vec<Vec<String>> = open
        .map(|d| vec![d.business_day.to_string(), standing(d.standing).to_owned(), number(d.accepted), number(d.open)])
        .collect();
    html! {
        figure {
            figcaption {
                h2 { "Open days" }
                p.soft.small { "A day is complete when every order of it was seen at " (to) ", skipped or refused, in every store." }
            }
            (calendar(&history.days))
            @if !rows.is_empty() { (table(&["day", "standing", "accepted", "open"], rows.into_iter())) }
        }
    }
}

/// The commonest reasons, the rest in one line.
fn longest(by_reason: &BTreeMap<String, usize>, kind: &str, fill: &'static str) -> Vec<Bar> {
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

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
