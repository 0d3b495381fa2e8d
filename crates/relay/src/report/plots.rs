//! The plots, as SVG that needs nothing around it: places along an axis in per cent, so that text keeps its size on a phone
//! and on paper. What is told by a colour is told by a pattern, a label or a table too.

use super::{
    series::{Column, axis, columns, is_weekly},
    words::{counted, number, per_cent, short},
};
use maud::{Markup, html};
use reviews::history::History;

/// Height of the columns' space, and where it begins; above it there is room for a label, below for the dates.
const HEIGHT: f64 = 190.0;
const TOP: f64 = 18.0;
/// Fewer columns than this leave room on the right.
const FEWEST: usize = 7;
/// Up to so many columns, each has its number above it.
const LABELLED: usize = 14;
/// So many dates fit below the plot on a phone.
const DATES: usize = 6;

/// Fills for what is not simply one colour. Once a page.
pub(super) fn patterns() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" style="position:absolute" {
            defs {
                pattern id="accepted" patternUnits="userSpaceOnUse" width="7" height="7" patternTransform="rotate(45)" {
                    rect class="pale" width="7" height="7" {}
                    line class="stripe" x1="0" y1="0" x2="0" y2="7" {}
                }
                pattern id="open" patternUnits="userSpaceOnUse" width="6" height="6" {
                    rect class="worn" width="6" height="6" {}
                    path class="cross" d="M0 0L6 6M6 0L0 6" {}
                }
            }
        }
    }
}

/// A sample of a fill and what it means.
pub(super) fn key(fill: Fill, means: &str) -> Markup {
    html! { li { svg viewBox="0 0 18 18" aria-hidden="true" { (fill.rect("0", 0.0, "18", 18.0)) } (means) } }
}

/// How a part of a plot looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Good,
    Accepted,
    Open,
    Plain,
    Bad,
}

impl Fill {
    fn rect(self, x: &str, y: f64, width: &str, height: f64) -> Markup {
        let (y, height) = (format!("{y:.1}"), format!("{height:.1}"));
        html! {
            @match self {
                Self::Good => rect class="good" x=(x) y=(y) width=(width) height=(height) {},
                Self::Plain => rect class="plain" x=(x) y=(y) width=(width) height=(height) {},
                Self::Bad => rect class="bad-fill" x=(x) y=(y) width=(width) height=(height) {},
                Self::Accepted => rect fill="url(#accepted)" x=(x) y=(y) width=(width) height=(height) {},
                Self::Open => rect fill="url(#open)" x=(x) y=(y) width=(width) height=(height) {},
            }
        }
    }
}

/// Delivered by day or week, one above the other: confirmed, accepted, open.
pub(super) fn delivered(history: &History) -> Markup {
    let columns = columns(&history.days);
    let highest = columns.iter().map(Column::height).max().unwrap_or(0);
    let (end, step) = axis(highest);
    let y = |n: usize| TOP + HEIGHT * (1.0 - share(n, end));
    let what = if is_weekly(&history.days) { "week" } else { "day" };
    let title = format!("Orders by {what}: {} {what}s, {} at most", columns.len(), counted(highest, "order"));
    let slot = 100.0 / columns.len().max(FEWEST).to_f64();
    let every = columns.len().div_ceil(DATES).max(1);
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
                @for (place, column) in columns.iter().enumerate() {
                    (stack(column, place.to_f64() * slot, slot, y, columns.len() <= LABELLED))
                    @if place.is_multiple_of(every) {
                        text x=(format!("{:.2}%", (place.to_f64() + 0.5) * slot)) y=(format!("{:.1}", TOP + HEIGHT + 18.0))
                            text-anchor="middle" { (short(column.first)) }
                    }
                }
                line class="base" x1="0" x2="100%" y1=(format!("{:.1}", y(0))) y2=(format!("{:.1}", y(0))) {}
            }
        }
        ul.key {
            (key(Fill::Good, "confirmed: seen at Yotpo"))
            (key(Fill::Accepted, "accepted, not seen yet"))
            (key(Fill::Open, "open"))
        }
    }
}

fn stack(column: &Column, x: f64, slot: f64, y: impl Fn(usize) -> f64, labelled: bool) -> Markup {
    let (left, width) = (format!("{:.3}%", x + slot * 0.12), format!("{:.3}%", slot * 0.76));
    let parts = [(Fill::Good, column.confirmed), (Fill::Accepted, column.accepted), (Fill::Open, column.open)];
    let mut below = 0;
    let parts = parts.map(|(fill, n)| {
        let from = y(below);
        below += n;
        (fill, y(below), from - y(below))
    });
    html! {
        g {
            title {
                (short(column.first)) ": "
                @if column.known {
                    (number(column.confirmed)) " confirmed, " (number(column.accepted)) " accepted, " (number(column.open)) " open"
                } @else { "no certificate" }
            }
            @for (fill, top, height) in parts {
                @if height > 0.0 { (fill.rect(&left, top, &width, height)) }
            }
            @if labelled {
                text.strong x=(format!("{:.2}%", x + slot / 2.0)) y=(format!("{:.1}", y(column.height()) - 5.0))
                    text-anchor="middle" { @if column.known { (number(column.height())) } @else { "–" } }
            }
        }
    }
}

/// A line of a plot of bars.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) n: usize,
    pub(super) fill: Fill,
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
                            (fill.rect("0", 0.0, &format!("{:.2}%", (share(*n, longest) * 100.0).max(0.6)), 18.0))
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
