//! The plots, as SVG that needs nothing around it: places along an axis in per cent, so that text keeps its size on a phone
//! and on paper. What is told by a colour is told by an outline, a label or a table too.

use super::words::{counted, number, per_cent};
use maud::{Markup, html};
use reconciliation::history::{DayCounts, DayStanding};

/// Height of the columns' space, and where it begins; above it there is room for a label, below for the dates.
const HEIGHT: f64 = 190.0;
const TOP: f64 = 18.0;
/// Fewer days than this leave room on the right.
const FEWEST: usize = 7;
/// Up to so many days, each has its number above it.
const LABELLED: usize = 14;
/// So many dates fit below the plot on a phone.
const DATES: usize = 6;

/// A sample of a fill, which a class of the style names, and what it means.
fn key(fill: &str, means: &str) -> Markup {
    html! { li { svg viewBox="0 0 18 18" aria-hidden="true" { rect class=(fill) x="1" y="1" width="16" height="16" {} } (means) } }
}

/// Delivered by day to the destination, one above the other: confirmed, accepted, open.
pub(super) fn delivered(days: &[DayCounts], to: &str) -> Markup {
    let highest = days.iter().map(height).max().unwrap_or(0);
    let (end, step) = axis(highest);
    let y = |n: usize| TOP + HEIGHT * (1.0 - share(n, end));
    let title = format!("Orders by day: {}, {} at most", counted(days.len(), "day"), counted(highest, "order"));
    let slot = 100.0 / days.len().max(FEWEST).to_f64();
    let every = days.len().div_ceil(DATES).max(1);
    html! {
        div.plot {
            svg aria-hidden="true" {
                @for mark in (0..=end).step_by(step) {
                    text x="2.6rem" y=(format!("{:.1}", y(mark) + 4.0)) text-anchor="end" { (number(mark)) }
                }
            }
            svg role="img" aria-labelledby="delivered-title" {
                title id="delivered-title" { (title) }
                @for mark in (step..=end).step_by(step) {
                    line class="rule" x1="0" x2="100%" y1=(format!("{:.1}", y(mark))) y2=(format!("{:.1}", y(mark))) {}
                }
                @for (place, day) in days.iter().enumerate() {
                    (stack(day, place.to_f64() * slot, slot, y, days.len() <= LABELLED))
                    @if place.is_multiple_of(every) {
                        text x=(format!("{:.2}%", (place.to_f64() + 0.5) * slot)) y=(format!("{:.1}", TOP + HEIGHT + 18.0))
                            text-anchor="middle" { (day.business_day.date().format("%-d %b")) }
                    }
                }
                line class="base" x1="0" x2="100%" y1=(format!("{:.1}", y(0))) y2=(format!("{:.1}", y(0))) {}
            }
        }
        ul.key { (key("confirmed", &format!("confirmed: seen at {to}"))) (key("accepted", "accepted, not seen yet")) (key("open", "open")) }
    }
}

fn height(day: &DayCounts) -> usize {
    day.confirmed + day.accepted + day.open
}

fn stack(day: &DayCounts, x: f64, slot: f64, y: impl Fn(usize) -> f64, labelled: bool) -> Markup {
    let (left, width) = (format!("{:.3}%", x + slot * 0.12), format!("{:.3}%", slot * 0.76));
    let known = matches!(day.standing, DayStanding::Complete | DayStanding::NotComplete);
    let mut below = 0;
    let parts = [("confirmed", day.confirmed), ("accepted", day.accepted), ("open", day.open)].map(|(fill, n)| {
        let from = y(below);
        below += n;
        (fill, y(below), from - y(below))
    });
    html! {
        g {
            title {
                (day.business_day) ": "
                @if known {
                    (number(day.confirmed)) " confirmed, " (number(day.accepted)) " accepted, " (number(day.open)) " open"
                } @else { "no certificate" }
            }
            @for (fill, top, height) in parts {
                @if height > 0.0 {
                    rect class=(fill) x=(left) y=(format!("{top:.1}")) width=(width) height=(format!("{height:.1}")) {}
                }
            }
            @if labelled {
                text.strong x=(format!("{:.2}%", x + slot / 2.0)) y=(format!("{:.1}", y(height(day)) - 5.0))
                    text-anchor="middle" { @if known { (number(height(day))) } @else { "–" } }
            }
        }
    }
}

/// Where an axis ends that has to hold `highest`, and how far apart its marks are: 1, 2 or 5 times a power of ten, five marks
/// at most.
fn axis(highest: usize) -> (usize, usize) {
    let powers = std::iter::successors(Some(1_usize), |power| power.checked_mul(10));
    let steps = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    let step = steps.into_iter().find(|step| step.saturating_mul(5) >= highest).unwrap_or(highest);
    (highest.max(1).div_ceil(step) * step, step)
}

/// A line of a plot of bars.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) n: usize,
    /// A class of the style.
    pub(super) fill: &'static str,
}

/// Bars below each other, each with its number and, of `whole`, its share.
pub(super) fn bars(bars: &[Bar], whole: Option<usize>) -> Markup {
    let longest = bars.iter().map(|bar| bar.n).max().unwrap_or(0);
    html! {
        dl.bars.shares[whole.is_some()] {
            @for Bar { label, n, fill } in bars {
                dt { (label) }
                dd {
                    svg role="img" aria-label=(format!("{label}: {}", number(*n))) {
                        @if *n > 0 {
                            rect class=(fill) width=(format!("{:.2}%", (share(*n, longest) * 100.0).max(0.6))) height="18" {}
                        }
                    }
                    span { (number(*n)) }
                    @if let Some(whole) = whole { span.soft.small { (per_cent(*n, whole)) } }
                }
            }
        }
    }
}

/// Of so few orders that each counts, a float says no less.
trait ToF64 {
    fn to_f64(self) -> f64;
}

impl ToF64 for usize {
    fn to_f64(self) -> f64 {
        f64::from(u32::try_from(self).unwrap_or(u32::MAX))
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part.to_f64() / whole.to_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_marks_and_few_of_them() {
        let axes = [0, 1, 5, 6, 38, 99, 100, 101, 12_345].map(axis);
        let expected = [(1, 1), (1, 1), (5, 1), (6, 2), (40, 10), (100, 20), (100, 20), (150, 50), (15_000, 5_000)];
        assert_eq!(axes, expected);
    }
}
