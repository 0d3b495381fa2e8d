//! The records of one object, and what they are found by.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::cell::Cell;
use super::id::SfId;
use super::kind::Kind;
use super::objects::Object;
use super::schema::{CREATED, ID, MODIFIED, STAMP, Schema};

/// A record: one cell a column, those past the end null.
pub(crate) type Row = Vec<Cell>;

/// What a record is found by, besides its id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(Box<str>),
    Stamp(DateTime<Utc>, SfId),
    /// The column of a reference, the record that this one is part of, and the row.
    Part(usize, SfId, u32),
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: Schema,
    /// Whether the org has the object.
    pub(crate) exists: bool,
    /// The columns of the number, and of the references to what a record is part of.
    number: Option<usize>,
    wholes: Vec<usize>,
    rows: Vec<Option<Row>>,
    by_id: HashMap<SfId, u32>,
    index: BTreeMap<Key, u32>,
}

const NULL: Cell = Cell::Null;

impl Table {
    pub(crate) fn new(object: Object) -> Self {
        let schema = Schema::of(object);
        let number = object.number.and_then(|name| Some(schema.find(name)?.0));
        let wholes =
            schema.parents().filter(|(_, parent)| parent.children.is_some()).map(|(column, _)| column).collect();
        let (rows, by_id, index) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self { schema, exists: object.given, number, wholes, rows, by_id, index }
    }

    /// No record, when it was removed.
    pub(crate) fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)?.as_ref()
    }

    pub(crate) fn cell(&self, row: u32, column: usize) -> &Cell {
        self.row(row).and_then(|row| row.get(column)).unwrap_or(&NULL)
    }

    pub(crate) fn id(&self, row: u32) -> Option<SfId> {
        self.cell(row, ID).as_id()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn find(&self, id: SfId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// By number, or by id.
    pub(crate) fn look_up(&self, key: &str) -> Option<u32> {
        self.index.get(&Key::Number(key.into())).copied().or_else(|| self.find(key.parse().ok()?))
    }

    /// Records stamped at or after `from`, by stamp and id.
    pub(crate) fn since(&self, from: DateTime<Utc>) -> impl Iterator<Item = u32> {
        self.index.range(Key::Stamp(from, SfId::MIN)..Key::Part(0, SfId::MIN, 0)).map(|(_, row)| *row)
    }

    /// The records that are part of another one by this reference, in the order in which they were added.
    pub(crate) fn parts(&self, reference: usize, of: SfId) -> impl Iterator<Item = u32> {
        self.index.range(Key::Part(reference, of, 0)..=Key::Part(reference, of, u32::MAX)).map(|(_, row)| *row)
    }

    /// Writes cells of a record. A new record gets this number, if the object has an auto-number field, false for the
    /// booleans that are not given, and its stamp for the other times.
    pub(crate) fn write(&mut self, id: SfId, number: u64, cells: Vec<(usize, Cell)>) {
        let known = self.find(id);
        if let Some(row) = known {
            self.unindex(row);
        }
        let row = known.unwrap_or_else(|| self.insert(id, number));
        if let Some(record) = self.rows[row as usize].as_mut() {
            record.resize(self.schema.width(), Cell::Null);
            for (column, cell) in cells {
                record[column] = cell;
            }
            for column in [CREATED, MODIFIED] {
                if record[column] == Cell::Null {
                    record[column] = record[STAMP].clone();
                }
            }
        }
        for key in self.keys(row) {
            self.index.insert(key, row);
        }
    }

    fn insert(&mut self, id: SfId, number: u64) -> u32 {
        let mut record = vec![Cell::Null; self.schema.width()];
        let booleans = self.schema.fields().filter(|(_, field)| field.kind == Kind::Boolean);
        booleans.for_each(|(column, _)| record[column] = Cell::Bool(false));
        record[ID] = Cell::Id(id);
        if let Some(column) = self.number {
            record[column] = Cell::Text(format!("{number:010}").into());
        }
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(Some(record));
        self.by_id.insert(id, row);
        row
    }

    pub(crate) fn remove(&mut self, row: u32) {
        self.unindex(row);
        let record = self.rows[row as usize].take();
        record.and_then(|record| self.by_id.remove(&record[ID].as_id()?));
    }

    fn unindex(&mut self, row: u32) {
        for key in self.keys(row) {
            self.index.remove(&key);
        }
    }

    fn keys(&self, row: u32) -> Vec<Key> {
        let mut keys = Vec::with_capacity(3);
        if let (Some(at), Some(id)) = (self.cell(row, STAMP).as_datetime(), self.id(row)) {
            keys.push(Key::Stamp(at, id));
        }
        if let Some(Cell::Text(number)) = self.number.map(|column| self.cell(row, column)) {
            keys.push(Key::Number(number.clone()));
        }
        let wholes = self.wholes.iter();
        keys.extend(wholes.filter_map(|column| Some(Key::Part(*column, self.cell(row, *column).as_id()?, row))));
        keys
    }
}
