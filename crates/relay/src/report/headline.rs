//! The page's beginning: whether all is well, and six numbers.

use super::words::{counted, number, per_cent};
use maud::{Markup, html};
use reconciliation::history::{DayCounts, DayHistory, DayStanding};

/// A sentence and the numbers that it rests on; `to` is the destination.
pub(super) fn headline(history: &DayHistory, to: &str) -> Markup {
    let sum = |of: fn(&DayCounts) -> usize| history.sum(of);
    let (completed, confirmed, accepted) = (sum(|d| d.completed), sum(|d| d.confirmed), sum(|d| d.accepted));
    let (skipped, rejected, open) = (sum(|d| d.skipped), sum(|d| d.rejected), sum(|d| d.open));
    let [complete, not_complete, without] =
        [DayStanding::Complete, DayStanding::NotComplete, DayStanding::NoCertificate]
            .map(|standing| history.standing(standing));
    let days = complete + not_complete + without;
    let quiet = history.certificates.iter().filter(|certificate| certificate.quiet).count();
    let tile = |name: &str, n: String, more: String, bad: bool| {
        html! { div.bad[bad] { dt { (name) } dd { b { (n) } small.soft { (more) } } } }
    };
    html! {
        p.verdict.bad[not_complete + without + quiet > 0] {
            @if days == 0 {
                strong { "There is nothing to report." } " All of these days were over before the first night."
            } @else if not_complete + without == 0 {
                strong { "Every day is complete." }
                " Each completed order was seen at " (to) ", or was left out for a reason that is named below."
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
            @if quiet > 0 {
                " " strong { (counted(quiet, "certificate")) @if quiet == 1 { " is" } @else { " are" } " quiet." }
                " Hardly an order, or hardly one sent, where there should be more: ask what the integration user can see."
            }
        }
        dl.tiles {
            (tile("Completed", number(completed), "orders at the source".to_owned(), false))
            (tile("Delivered", number(confirmed), if accepted > 0 { format!("seen at {to}; {} more accepted", number(accepted)) } else { format!("seen at {to}: {}", per_cent(confirmed, completed)) }, false))
            (tile("Skipped", number(skipped), format!("by rule: {}", per_cent(skipped, completed)), false))
            (tile("Refused", number(rejected), format!("by {to}, for good"), false))
            (tile("Open", number(open), "in work, or waiting for somebody".to_owned(), open > 0))
            (tile("Days complete", number(complete), format!("of {}", number(days)), complete < days))
        }
    }
}
