//! Pages of a result, and records as JSON.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cursors::{Cursor, Cursors};
use super::id::SfId;
use super::org::Org;
use super::schema::Object;
use super::soql::{Plan, Selection};

/// What bounds a page, and the version that its URLs name.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Records a page holds, children included.
    pub(crate) page: usize,
    /// Children of one parent in a page.
    pub(crate) children: usize,
    pub(crate) version: String,
}

/// Renders the page of `cursor` that begins at `from`. `id` is the cursor's, once it has one.
pub(crate) fn page(
    org: &Org,
    cursors: &mut Cursors,
    limits: &Limits,
    cursor: Cursor,
    id: Option<SfId>,
    from: usize,
) -> Value {
    let total = cursor.rows.len();
    let mut records = Vec::new();
    let mut held = 0;
    let mut next = from;
    while next < total && held < limits.page {
        let (record, children) = record(org, cursors, limits, &cursor.plan, cursor.rows[next]);
        held += 1 + children;
        // A record that was removed meanwhile is left out.
        records.extend(record);
        next += 1;
    }
    result(cursors, limits, cursor, id, records, next)
}

fn result(
    cursors: &mut Cursors,
    limits: &Limits,
    cursor: Cursor,
    id: Option<SfId>,
    records: Vec<Value>,
    next: usize,
) -> Value {
    let total = cursor.rows.len();
    let mut result = json!({"totalSize": total, "done": next >= total});
    if next < total {
        let id = id.unwrap_or_else(|| cursors.open(cursor));
        result["nextRecordsUrl"] = format!("/services/data/{}/query/{id}-{next}", limits.version).into();
    }
    result["records"] = records.into();
    result
}

/// A record, if it is still there, and how many children come with it.
fn record(org: &Org, cursors: &mut Cursors, limits: &Limits, plan: &Plan, row: u32) -> (Option<Value>, usize) {
    let Some(mut fields) = fields(org, limits, &plan.selection, plan.object, row) else {
        return (None, 0);
    };
    let mut count = 0;
    for (name, child) in &plan.selection.children {
        let rows: Arc<[u32]> = child.rows_of(org, row).into();
        if rows.is_empty() {
            fields.insert(name.clone(), Value::Null);
            continue;
        }
        let shown = rows.len().min(limits.children);
        count += shown;
        let shown_records =
            rows[..shown].iter().filter_map(|row| record(org, cursors, limits, child, *row).0).collect();
        let cursor = Cursor { plan: Arc::clone(child), rows };
        fields.insert(name.clone(), result(cursors, limits, cursor, None, shown_records, shown));
    }
    (Some(Value::Object(fields)), count)
}

fn fields(org: &Org, limits: &Limits, selection: &Selection, object: Object, row: u32) -> Option<Map<String, Value>> {
    let id = org.table(object).row(row)?.first()?.as_id()?;
    let name = object.name();
    let mut shown = Map::new();
    let url = format!("/services/data/{}/sobjects/{name}/{id}", limits.version);
    shown.insert("attributes".to_owned(), json!({"type": name, "url": url}));
    for (column, name) in &selection.fields {
        shown.insert(name.clone(), org.cell(object, row, *column).render());
    }
    for (reference, name, to, selection) in &selection.parents {
        let parent = org.parent(object, row, *reference, *to);
        let parent = parent.and_then(|parent| fields(org, limits, selection, *to, parent));
        shown.insert(name.clone(), parent.map_or(Value::Null, Value::Object));
    }
    Some(shown)
}
