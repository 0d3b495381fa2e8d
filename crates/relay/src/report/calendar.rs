//! The calendar of the days: which are complete. A block a month, so that it wraps on a phone and on paper.

use super::words::counted;
use chrono::{Datelike as _, NaiveDate};
use maud::{Markup, html};
use reconciliation::history::{DayCounts, DayStanding};

/// A day's square, with the gap to the next.
const CELL: u32 = 24;
/// Room for the month's name and the days of the week.
const HEAD: u32 = 40;
const WEEKDAYS: [&str; 7] = ["M", "T", "W", "T", "F", "S", "S"];

/// Every month that the range touches.
pub(super) fn calendar(days: &[DayCounts]) -> Markup {
    let months = days.chunk_by(|a, b| month(a.business_day.date()) == month(b.business_day.date()));
    html! {
        div.months { @for days in months { (block(days)) } }
        ul.key {
            @for (class, means) in [
                ("cell-complete", "complete"), ("cell-open", "not complete"), ("cell-none", "no certificate"),
            ] {
                li { svg viewBox="0 0 18 18" aria-hidden="true" { rect class=(class) x="1" y="1" width="16" height="16" rx="3" {} } (means) }
            }
            li.soft { "grey: before the first night" }
        }
    }
}

/// In words, as the calendar's key has it.
pub(super) fn standing(standing: DayStanding) -> &'static str {
    match standing {
        DayStanding::Before => "before the first night",
        DayStanding::Complete => "complete",
        DayStanding::NoCertificate => "no certificate",
        DayStanding::NotComplete => "not complete",
    }
}

fn month(date: NaiveDate) -> (i32, u32) {
    (date.year(), date.month())
}

/// Columns are weekdays, from Monday; rows are weeks.
fn block(days: &[DayCounts]) -> Markup {
    let Some(first) = days.first().map(|day| day.business_day.date()) else { return Markup::default() };
    let offset = first.with_day(1).unwrap_or(first).weekday().num_days_from_monday();
    let place = |date: NaiveDate| {
        let square = offset + date.day0();
        (square % 7 * CELL, HEAD + square / 7 * CELL)
    };
    let rows = days.iter().map(|day| place(day.business_day.date()).1).max().unwrap_or(HEAD);
    let top = days.iter().map(|day| place(day.business_day.date()).1).min().unwrap_or(HEAD);
    let complete = days.iter().filter(|day| day.standing == DayStanding::Complete).count();
    let name = first.format("%B %Y").to_string();
    let title = format!("{name}: {} of {} complete", complete, counted(days.len(), "day"));
    let height = rows - top + HEAD + CELL;
    html! {
        svg role="img" aria-label=(title) width=(7 * CELL) height=(height) viewBox=(format!("0 0 {} {height}", 7 * CELL)) {
            text.month x="2" y="13" { (name) }
            @for (column, weekday) in (0_u32..).zip(WEEKDAYS) {
                text x=(column * CELL + CELL / 2) y="32" { (weekday) }
            }
            @for day in days {
                @let (x, y) = place(day.business_day.date());
                (square(day, x, y - (top - HEAD)))
            }
        }
    }
}

fn square(day: &DayCounts, x: u32, y: u32) -> Markup {
    let (cell, text) = match day.standing {
        DayStanding::Complete => (Some("cell-complete"), "on-complete"),
        DayStanding::NotComplete => (Some("cell-open"), "on-open"),
        DayStanding::NoCertificate => (Some("cell-none"), "on-none"),
        DayStanding::Before => (None, "on-before"),
    };
    html! {
        g {
            title { (day.business_day) ": " (standing(day.standing)) ", " (counted(day.completed, "order")) }
            @if let Some(class) = cell {
                rect class=(class) x=(x + 1) y=(y + 1) width=(CELL - 3) height=(CELL - 3) rx="3" {}
            }
            text class=(text) x=(x + CELL / 2) y=(y + CELL / 2 + 4) { (day.business_day.date().day()) }
        }
    }
}
