//! How things look: colours by meaning, tables, times.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_BORDERS_ONLY};
use ledger::Millis;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();

/// `✓` or `✗`.
pub(crate) fn tick(good: bool) -> String {
    if good { format!("{GOOD}✓{GOOD:#}") } else { format!("{BAD}✗{BAD:#}") }
}

/// An instant to the second, in UTC.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant of the ledger.
pub(crate) fn millis(at: Millis) -> String {
    DateTime::from_timestamp_millis(at.0).map_or_else(|| at.0.to_string(), instant)
}

/// A part of a whole as whole percents, rounded.
pub(crate) fn share(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// The first of many, and how many more there are.
pub(crate) fn few(all: &[String]) -> String {
    match all {
        [a, b, c, _, rest @ ..] => format!("{a} {b} {c} and {} more", rest.len() + 1),
        all => all.join(" "),
    }
}

/// A table as wide as its content; where somebody looks on, as wide as the terminal at most.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// The column's numbers end below each other.
pub(crate) fn right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_the_first_are_named_and_the_others_counted() {
        let all: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let said = [0, 1, 3, 4, 5].map(|n| few(&all[..n]));
        assert_eq!(said, ["", "a", "a b c", "a b c and 1 more", "a b c and 2 more"]);
    }
}
