//! The records of the org, read from nested documents and shown as such.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::cell::Cell;
use super::id::SfId;
use super::objects::{Object, Parent};
use super::schema::{ID, STAMP};
use super::table::Table;

/// Why a document does not fit the org, or that there is no such record.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadRecord(pub(super) String);

/// Fields by name. A parent is a document within it, children are a list of documents.
pub(crate) type Document = Map<String, Value>;

/// A reference, seen from the object that it leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) from: Object,
    pub(crate) column: usize,
    pub(crate) parent: Parent,
}

/// Every record of the org.
#[derive(Debug)]
pub(crate) struct Org {
    tables: Vec<Table>,
    next_id: u64,
}

impl Default for Org {
    fn default() -> Self {
        // Generated ids start high, out of the way of those that documents bring along.
        Self { tables: Object::ALL.iter().map(|object| Table::new(*object)).collect(), next_id: 62_u64.pow(8) }
    }
}

impl Org {
    pub(crate) fn table(&self, object: Object) -> &Table {
        &self.tables[object as usize]
    }

    pub(crate) fn table_mut(&mut self, object: Object) -> &mut Table {
        &mut self.tables[object as usize]
    }

    /// The object of this name, if the org has it.
    pub(crate) fn object(&self, name: &str) -> Option<Object> {
        Object::find(name).filter(|object| self.table(*object).exists)
    }

    pub(crate) fn cell(&self, object: Object, row: u32, column: usize) -> &Cell {
        self.table(object).cell(row, column)
    }

    /// The row that a reference points to.
    pub(crate) fn parent(&self, object: Object, row: u32, column: usize, to: Object) -> Option<u32> {
        self.table(to).find(self.cell(object, row, column).as_id()?)
    }

    /// Every reference to records of `object`.
    pub(crate) fn references(&self, object: Object) -> impl Iterator<Item = Reference> {
        let existing = Object::ALL.iter().copied().filter(|from| self.table(*from).exists);
        let all = existing.flat_map(|from| self.table(from).schema.parents().map(move |to| (from, to)));
        let all = all.map(|(from, (column, parent))| Reference { from, column, parent });
        all.filter(move |reference| reference.parent.object == object)
    }

    /// The child relationships of `object`, by name.
    pub(crate) fn children(&self, object: Object) -> impl Iterator<Item = (&'static str, Reference)> {
        self.references(object).filter_map(|reference| Some((reference.parent.children?, reference)))
    }

    /// The rows of a record's children.
    pub(crate) fn parts(&self, object: Object, row: u32, children: Reference) -> Vec<u32> {
        let id = self.table(object).id(row).into_iter();
        id.flat_map(|id| self.table(children.from).parts(children.column, id)).collect()
    }

    /// By number, or by id.
    pub(crate) fn look_up(&self, object: Object, key: &str) -> Result<u32, BadRecord> {
        self.table(object).look_up(key).ok_or_else(|| BadRecord(format!("no such {}", object.name)))
    }

    /// Adds a record from a nested document, or replaces the one of the same id or number. What is absent is
    /// generated (id, number, `SystemModstamp`) or null.
    pub(crate) fn replace(
        &mut self,
        object: Object,
        document: &Document,
        now: DateTime<Utc>,
    ) -> Result<SfId, BadRecord> {
        self.table_mut(object).exists = true;
        let keys = [Some("Id"), object.number].into_iter().flatten();
        let known = keys.filter_map(|key| document.get(key)?.as_str()).find_map(|key| self.table(object).look_up(key));
        let mut document = document.clone();
        if let Some(row) = known {
            document.insert("Id".to_owned(), self.cell(object, row, ID).render());
            self.remove(object, row);
        }
        self.put(object, &document, now)
    }

    /// Changes the fields given; children, if given, replace those there. The stamp becomes `now` unless given.
    pub(crate) fn patch(
        &mut self,
        object: Object,
        key: &str,
        patch: &Document,
        now: DateTime<Utc>,
    ) -> Result<(), BadRecord> {
        let row = self.look_up(object, key)?;
        let mut document = patch.clone();
        document.insert("Id".to_owned(), self.cell(object, row, ID).render());
        self.remove_children(object, row, |name| patch.contains_key(name));
        self.put(object, &document, now).map(drop)
    }

    /// Changes the stamps of all records and nothing else.
    pub(crate) fn touch_all(&mut self, object: Object, stamp: DateTime<Utc>) {
        let table = self.table_mut(object);
        let ids: Vec<SfId> = table.since(DateTime::<Utc>::MIN_UTC).filter_map(|row| table.id(row)).collect();
        for id in ids {
            table.write(id, 0, vec![(STAMP, Cell::DateTime(stamp))]);
        }
    }

    pub(crate) fn remove(&mut self, object: Object, row: u32) {
        self.remove_children(object, row, |_| true);
        self.table_mut(object).remove(row);
    }

    fn remove_children(&mut self, object: Object, row: u32, which: impl Fn(&str) -> bool) {
        let all: Vec<_> = self.children(object).filter(|(name, _)| which(name)).collect();
        for (_, children) in all {
            self.parts(object, row, children).into_iter().for_each(|part| self.remove(children.from, part));
        }
    }

    /// Writes one record, its parents first and its children after it.
    pub(crate) fn put(&mut self, object: Object, document: &Document, now: DateTime<Utc>) -> Result<SfId, BadRecord> {
        let name = object.name;
        let mut cells = Vec::with_capacity(document.len());
        let mut parts = Vec::new();
        for (key, value) in document {
            let schema = &self.table(object).schema;
            if let Some((column, field)) = schema.find(key) {
                let wrong = |expected| BadRecord(format!("{name}.{key}: expected {expected}"));
                let cell = Cell::read(field.kind, value).map_err(wrong)?;
                cells.push((column, cell));
            } else if let Some((column, parent)) = schema.find_parent(key) {
                let cell = match value {
                    Value::Object(document) => Cell::Id(self.put(parent.object, document, now)?),
                    _ => Cell::Null,
                };
                cells.push((column, cell));
            } else if let Some((_, children)) = self.children(object).find(|(name, _)| name == key) {
                parts.push((children, value.as_array()));
            } else if key != "attributes" {
                return Err(BadRecord(format!("{name} has no field or relationship `{key}`")));
            }
        }
        let id = self.write(object, cells, now);
        for (children, documents) in parts {
            for document in documents.into_iter().flatten().filter_map(Value::as_object) {
                let mut document = document.clone();
                document.insert(children.parent.field(), id.as_str().into());
                self.put(children.from, &document, now)?;
            }
        }
        Ok(id)
    }

    fn write(&mut self, object: Object, mut cells: Vec<(usize, Cell)>, now: DateTime<Utc>) -> SfId {
        let given = |column| cells.iter().find(|(to, cell)| *to == column && *cell != Cell::Null).map(|(_, cell)| cell);
        let id = given(ID).and_then(Cell::as_id).unwrap_or_else(|| {
            self.next_id += 1;
            SfId::new(object.key_prefix, self.next_id)
        });
        let stamp = given(STAMP).cloned().unwrap_or(Cell::DateTime(now));
        cells.push((STAMP, stamp));
        self.tables[object as usize].write(id, self.next_id, cells);
        id
    }

    /// Every field that has a value, the parents, and the children.
    pub(crate) fn document(&self, object: Object, row: u32) -> Document {
        let mut document = self.fields(object, row, true);
        for (name, children) in self.children(object) {
            let rows = self.parts(object, row, children).into_iter();
            let documents = rows.map(|part| Value::Object(self.fields(children.from, part, true)));
            document.insert(name.to_owned(), documents.collect());
        }
        document
    }

    fn fields(&self, object: Object, row: u32, with_parents: bool) -> Document {
        let mut fields = Map::new();
        for (column, field) in self.table(object).schema.fields() {
            let cell = self.cell(object, row, column);
            if *cell == Cell::Null {
                continue;
            }
            fields.insert(field.name.clone(), cell.render());
            // What a record is part of is the document that it stands in.
            if let Some(parent) = field.parent.filter(|parent| with_parents && parent.children.is_none())
                && let Some(row) = self.parent(object, row, column, parent.object)
            {
                fields.insert(parent.name.to_owned(), Value::Object(self.fields(parent.object, row, false)));
            }
        }
        fields
    }
}
