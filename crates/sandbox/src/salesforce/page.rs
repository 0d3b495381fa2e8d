//! Pages of a result, and records as JSON.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cursors::{Cursor, Cursors};
use super::id::SfId;
use super::objects::Object;
use super::org::Org;
use super::soql::{Plan, Selection};

/// What pages are made of, what bounds them, and the version that their URLs name.
pub(crate) struct Pages<'a> {
    pub(crate) org: &'a Org,
    pub(crate) cursors: &'a mut Cursors,
    /// Records a page holds, children included.
    pub(crate) size: usize,
    /// Children of one parent in a page.
    pub(crate) children: usize,
    pub(crate) version: &'a str,
}

impl Pages<'_> {
    /// Renders the page of `cursor` that begins at `from`. `id` is the cursor's, once it has one.
    pub(crate) fn page(&mut self, cursor: Cursor, id: Option<SfId>, from: usize) -> Value {
        let mut records = Vec::new();
        let mut held = 0;
        let mut next = from;
        while next < cursor.rows.len() && held < self.size {
            let (record, children) = self.record(&cursor.plan, cursor.rows[next]);
            held += 1 + children;
            // A record that was removed meanwhile is left out.
            records.extend(record);
            next += 1;
        }
        self.result(cursor, id, records, next)
    }

    fn result(&mut self, cursor: Cursor, id: Option<SfId>, records: Vec<Value>, next: usize) -> Value {
        let total = cursor.rows.len();
        let mut result = json!({"totalSize": total, "done": next >= total});
        if next < total {
            let id = id.unwrap_or_else(|| self.cursors.open(cursor));
            result["nextRecordsUrl"] = format!("/services/data/{}/query/{id}-{next}", self.version).into();
        }
        result["records"] = records.into();
        result
    }

    /// A record, if it is still there, and how many children come with it.
    fn record(&mut self, plan: &Plan, row: u32) -> (Option<Value>, usize) {
        let Some(mut fields) = self.fields(&plan.selection, plan.object, row) else {
            return (None, 0);
        };
        let mut count = 0;
        for (name, reference, child) in &plan.selection.children {
            let rows: Arc<[u32]> = child.rows_of(self.org, self.org.parts(plan.object, row, *reference)).into();
            let mut result = Value::Null;
            if !rows.is_empty() {
                let shown = rows.len().min(self.children);
                count += shown;
                let records = rows[..shown].iter().filter_map(|row| self.record(child, *row).0).collect();
                result = self.result(Cursor { plan: Arc::clone(child), rows }, None, records, shown);
            }
            fields.insert((*name).to_owned(), result);
        }
        (Some(Value::Object(fields)), count)
    }

    fn fields(&self, selection: &Selection, object: Object, row: u32) -> Option<Map<String, Value>> {
        let (id, name) = (self.org.table(object).id(row)?, object.name);
        let mut shown = Map::new();
        let url = format!("/services/data/{}/sobjects/{name}/{id}", self.version);
        shown.insert("attributes".to_owned(), json!({"type": name, "url": url}));
        for (column, name) in &selection.fields {
            shown.insert(name.clone(), self.org.cell(object, row, *column).render());
        }
        for (reference, parent, selection) in &selection.parents {
            let row = self.org.parent(object, row, *reference, parent.object);
            let fields = row.and_then(|row| self.fields(selection, parent.object, row));
            shown.insert(parent.name.to_owned(), fields.map_or(Value::Null, Value::Object));
        }
        Some(shown)
    }
}
