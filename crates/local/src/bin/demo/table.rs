//! Figures for people.

use comfy_table::{CellAlignment, Table, presets::UTF8_BORDERS_ONLY};
use local::Peak;
use serde_json::Value;

/// A certificate for people.
pub(crate) fn certificate_table(certificate: &Value) -> Table {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let ledger = &certificate["ledger"];
    let mut rows = vec![("completed at the source".to_owned(), text(&certificate["source"]["completed"]))];
    for state in ["confirmed", "accepted", "pending", "skipped", "rejected", "parked", "uncertain", "missing"] {
        match &ledger[state] {
            Value::Object(reasons) => {
                rows.extend(reasons.iter().map(|(reason, n)| (format!("{state}: {reason}"), text(n))));
            }
            number => rows.push((state.to_owned(), text(number))),
        }
    }
    let destination = &certificate["destination"];
    rows.push(("found at the destination".to_owned(), text(&destination["found"])));
    rows.push(("found there and not expected".to_owned(), text(&destination["unexpected"])));
    rows.push(("repaired".to_owned(), text(&certificate["repaired"])));
    for end in ["source", "destination"] {
        let totals = certificate["totals"][end].as_object().into_iter().flatten();
        rows.extend(totals.map(|(currency, amount)| (format!("total at the {end}, {currency}"), text(amount))));
    }
    if let Value::Number(differs) = &certificate["totals"]["differs"] {
        rows.push(("orders whose totals differ".to_owned(), differs.to_string()));
    }
    rows.push(("complete".to_owned(), text(&certificate["complete"])));
    let (day, store) = (text(&certificate["business_day"]), text(&certificate["store"]));
    table(&format!("Certificate of {day}, store {store}"), rows)
}

/// What each function's processes took of memory, at most.
pub(crate) fn peak_rows(peaks: &[Peak]) -> impl Iterator<Item = (String, String)> {
    peaks.iter().map(|Peak { process, kib }| {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let mebibytes = *kib as f64 / 1024.0;
        (format!("peak memory, {} (pid {})", process.function, process.pid), format!("{mebibytes:.1} MiB"))
    })
}

/// Names and figures under a title.
pub(crate) fn table(title: &str, rows: Vec<(String, String)>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header([title, ""]);
    for (name, value) in rows {
        table.add_row([name, value]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
