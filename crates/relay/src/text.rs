//! How things look: colours by meaning, tables, times.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets::UTF8_BORDERS_ONLY};
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
    instant(at.into())
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

/// A terminal's width where nobody says another.
const WIDTH: u16 = 80;

/// How many characters fit on a line: as `COLUMNS` says, or the terminal; 80 where there is none.
pub(crate) fn width() -> u16 {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    columns.or_else(|| Some(terminal_size::terminal_size()?.0.0)).unwrap_or(WIDTH)
}

/// A table as wide as its content, and no wider than a line.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.set_width(width());
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// The column's names and times are never broken; where a line is too short, the others are.
pub(crate) fn whole(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
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
    fn a_table_is_no_wider_than_a_line() {
        let mut wide = table(["order", "why", "products"]);
        let why = "Yotpo refused it: HTTP 400, code 400, field order_id, and some more words that go on for a while";
        wide.add_row(["reviews/801RO000000AbcDYAS", why, "one-product another-product a-third-product and 7 more"]);
        wide.set_width(WIDTH);
        whole(&mut wide, 0);
        let lines: Vec<usize> = wide.to_string().lines().map(|line| line.chars().count()).collect();
        assert!(lines.len() > 4 && lines.iter().all(|line| *line <= WIDTH.into()), "{wide}");
        assert!(wide.to_string().contains("801RO000000AbcDYAS"), "a name is not broken where it fits: {wide}");
    }

    #[test]
    fn of_many_the_first_are_named_and_the_others_counted() {
        let all: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let said = [0, 1, 3, 4, 5].map(|n| few(&all[..n]));
        assert_eq!(said, ["", "a", "a b c", "a b c and 1 more", "a b c and 2 more"]);
    }
}
