//! Orders of one name: the configured order id is a field that the org does not keep unique.

use chrono::{DateTime, NaiveDate, Utc};
use sandbox::{InProcess, Manifest, Outcome};
use serde_json::{Value, json};

/// The field that is configured, and what the shipped configuration has instead.
pub(crate) const FIELD: &str = "PoNumber";
/// Why the second of two is parked.
const REASON: &str = "duplicate_order_id";

/// Gives every order from the one at `from` on its number as its name, and some the name of another: of their own day, and of
/// the first one. What each comes to is known by construction: the one that was completed first is sent.
pub(crate) fn name(vendors: &InProcess, manifest: &mut Manifest, from: usize, problems: &mut Vec<String>) {
    for expected in &manifest.expected[from..] {
        let document = vendors.salesforce.record("Order", &expected.id).unwrap_or_default();
        rename(vendors, &document, &expected.order_id, problems);
    }
    let mut sendable: Vec<(DateTime<Utc>, usize)> = Vec::new();
    for (index, expected) in manifest.expected.iter().enumerate() {
        let document = vendors.salesforce.record("Order", &expected.id).unwrap_or_default();
        let completed_at = document["ActivatedDate"].as_str().and_then(at);
        // One whose date is to come, or was, is another test's.
        let ordinary = expected.outcome == Outcome::Delivered && !expected.waits_for_its_date();
        sendable.extend(completed_at.filter(|_| ordinary).map(|at| (at, index)));
    }
    sendable.sort_unstable();
    let first = sendable.first().map(|(_, index)| *index);
    let new: Vec<usize> = sendable.into_iter().map(|(_, index)| index).filter(|index| *index >= from).collect();
    let of_one_day = [new.get(1), new.get(2)];
    for pair in [of_one_day, [first.as_ref(), new.last()]] {
        let [Some(first), Some(second)] = pair else { continue };
        if first == second || of_one_day[1] == Some(first) {
            continue;
        }
        let name = manifest.expected[*first].order_id.clone();
        let twin = &mut manifest.expected[*second];
        twin.outcome = Outcome::Parked { reason: REASON.to_owned() };
        let document = vendors.salesforce.record("Order", &twin.id).unwrap_or_default();
        rename(vendors, &document, &name, problems);
    }
}

/// The order keeps its stamp: it has always been called so.
fn rename(vendors: &InProcess, document: &Value, name: &str, problems: &mut Vec<String>) {
    let id = document["Id"].as_str().unwrap_or_default();
    let fields = json!({FIELD: name, "SystemModstamp": document["SystemModstamp"]});
    problems.extend(vendors.salesforce.patch("Order", id, &fields).err().map(|error| error.to_string()));
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| at.to_utc())
}

/// How many orders of a day are parked because another has their name.
pub(crate) fn parked(manifest: &Manifest, day: NaiveDate) -> usize {
    let is_twin = |outcome: &Outcome| matches!(outcome, Outcome::Parked { reason } if reason == REASON);
    manifest.expected.iter().filter(|expected| expected.order_date == day && is_twin(&expected.outcome)).count()
}
