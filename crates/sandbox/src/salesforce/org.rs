//! The records of the org: tables, the index over orders, and reading nested documents into them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::cell::Cell;
use super::id::SfId;
use super::schema::{Object, Schema};

/// A document that does not fit the org's objects.
#[derive(Debug, thiserror::Error)]
pub enum BadRecord {
    /// A key that is neither a field nor a relationship of the object.
    #[error("{object} has no field or relationship `{key}`")]
    UnknownField {
        /// The object.
        object: &'static str,
        /// The key.
        key: String,
    },
    /// A value of another type than the field's.
    #[error("{object}.{key}: expected {expected}")]
    WrongType {
        /// The object.
        object: &'static str,
        /// The key.
        key: String,
        /// What was expected.
        expected: &'static str,
    },
    /// No record with this id or order number.
    #[error("no such record")]
    NotFound,
}

/// A record: one cell a column, those past the end null.
pub(crate) type Row = Vec<Cell>;

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: Schema,
    rows: Vec<Option<Row>>,
    by_id: HashMap<SfId, u32>,
}

/// Every record of the org.
#[derive(Debug)]
pub(crate) struct Org {
    tables: [Table; 6],
    /// Whether the org tracks the status of orders.
    pub(crate) tracks_status: bool,
    lines: HashMap<SfId, Vec<u32>>,
    /// Orders by `(SystemModstamp, Id)`.
    stamps: BTreeMap<(DateTime<Utc>, SfId), u32>,
    numbers: HashMap<Box<str>, SfId>,
    next_id: u64,
}

const NULL: Cell = Cell::Null;

impl Default for Org {
    fn default() -> Self {
        let tables = Object::ALL.map(|object| Table {
            schema: Schema::standard(object),
            rows: Vec::new(),
            by_id: HashMap::new(),
        });
        // Generated ids start high, out of the way of those that documents bring along.
        let next_id = 62_u64.pow(8);
        Self {
            tables,
            tracks_status: false,
            lines: HashMap::new(),
            stamps: BTreeMap::new(),
            numbers: HashMap::new(),
            next_id,
        }
    }
}

impl Org {
    pub(crate) fn table(&self, object: Object) -> &Table {
        &self.tables[object as usize]
    }

    pub(crate) fn schema_mut(&mut self, object: Object) -> &mut Schema {
        &mut self.tables[object as usize].schema
    }

    pub(crate) fn cell(&self, object: Object, row: u32, column: usize) -> &Cell {
        self.table(object).row(row).and_then(|row| row.get(column)).unwrap_or(&NULL)
    }

    /// The row that a reference points to.
    pub(crate) fn parent(&self, object: Object, row: u32, column: usize, to: Object) -> Option<u32> {
        let id = self.cell(object, row, column).as_id()?;
        self.table(to).by_id.get(&id).copied()
    }

    pub(crate) fn lines(&self, order: u32) -> &[u32] {
        let id = self.cell(Object::Order, order, 0).as_id();
        id.and_then(|id| self.lines.get(&id)).map_or(&[], Vec::as_slice)
    }

    /// Orders stamped at or after `from`, by stamp and id.
    pub(crate) fn orders_since(&self, from: DateTime<Utc>) -> impl Iterator<Item = u32> {
        self.stamps.range((from, SfId::MIN)..).map(|(_, row)| *row)
    }

    /// By id, or by order number.
    pub(crate) fn find_order(&self, key: &str) -> Option<u32> {
        let id = self.numbers.get(key).copied().or_else(|| key.parse().ok())?;
        self.table(Object::Order).by_id.get(&id).copied()
    }

    /// Adds an order from a nested document (`BillToContact`, `Account`, `OrderItems` with `Product2`), or
    /// replaces the one of the same id or number. What is absent is generated (`Id`, `OrderNumber`,
    /// `SystemModstamp`) or null.
    pub(crate) fn put_order(&mut self, document: &Map<String, Value>, now: DateTime<Utc>) -> Result<SfId, BadRecord> {
        let known = ["Id", "OrderNumber"].iter().find_map(|key| self.find_order(document.get(*key)?.as_str()?));
        let mut document = document.clone();
        if let Some(row) = known {
            let id = self.cell(Object::Order, row, 0).render();
            self.remove_order(row);
            document.insert("Id".to_owned(), id);
        }
        self.put(Object::Order, &document, now)
    }

    /// Changes the fields given; `OrderItems`, if given, replaces the lines. The stamp becomes `now` unless given.
    pub(crate) fn patch_order(
        &mut self,
        key: &str,
        patch: &Map<String, Value>,
        now: DateTime<Utc>,
    ) -> Result<SfId, BadRecord> {
        let row = self.find_order(key).ok_or(BadRecord::NotFound)?;
        let mut document = patch.clone();
        document.insert("Id".to_owned(), self.cell(Object::Order, row, 0).render());
        if patch.contains_key("OrderItems") {
            self.remove_lines(row);
        }
        self.put(Object::Order, &document, now)
    }

    /// Whether the org has the object.
    pub(crate) fn has(&self, object: Object) -> bool {
        object != Object::OrderHistory || self.tracks_status
    }

    /// The order's history says that it got this status then; the org tracks it from now on.
    pub(crate) fn note_status(&mut self, key: &str, status: &str, at: DateTime<Utc>) -> Result<(), BadRecord> {
        let row = self.find_order(key).ok_or(BadRecord::NotFound)?;
        let mut note = Map::new();
        note.insert("OrderId".to_owned(), self.cell(Object::Order, row, 0).render());
        note.insert("Field".to_owned(), "Status".into());
        note.insert("NewValue".to_owned(), status.into());
        note.insert("CreatedDate".to_owned(), at.to_rfc3339().into());
        self.tracks_status = true;
        self.put(Object::OrderHistory, &note, at).map(drop)
    }

    /// Changes the stamp and nothing else.
    pub(crate) fn touch(&mut self, row: u32, stamp: DateTime<Utc>) {
        let Some((column, _)) = self.table(Object::Order).schema.find("SystemModstamp") else { return };
        self.unindex(row);
        if let Some(record) = self.tables[Object::Order as usize].rows[row as usize].as_mut() {
            set(record, column, Cell::DateTime(stamp));
        }
        self.index(row);
    }

    pub(crate) fn remove_order(&mut self, row: u32) {
        self.remove_lines(row);
        self.unindex(row);
        let table = &mut self.tables[Object::Order as usize];
        if let Some(record) = table.rows[row as usize].take() {
            record[0].as_id().map(|id| table.by_id.remove(&id));
        }
    }

    fn remove_lines(&mut self, order: u32) {
        let lines = self.lines(order).to_vec();
        if let Some(id) = self.cell(Object::Order, order, 0).as_id() {
            self.lines.remove(&id);
        }
        let table = &mut self.tables[Object::OrderItem as usize];
        for line in lines {
            if let Some(record) = table.rows[line as usize].take() {
                record[0].as_id().map(|id| table.by_id.remove(&id));
            }
        }
    }

    /// Writes one record, its parents first and its lines after it.
    fn put(&mut self, object: Object, document: &Map<String, Value>, now: DateTime<Utc>) -> Result<SfId, BadRecord> {
        let name = object.name();
        let mut cells = Vec::with_capacity(document.len());
        let mut lines = None;
        for (key, value) in document {
            let schema = &self.table(object).schema;
            if let Some((column, field)) = schema.find(key) {
                let cell = Cell::read(field.kind, value).map_err(|expected| BadRecord::WrongType {
                    object: name,
                    key: key.clone(),
                    expected,
                })?;
                cells.push((column, cell));
            } else if let Some((column, _, to)) = schema.find_parent(key) {
                let cell = match value {
                    Value::Object(parent) => Cell::Id(self.put(to, parent, now)?),
                    _ => Cell::Null,
                };
                cells.push((column, cell));
            } else if object == Object::Order && key == "OrderItems" {
                lines = value.as_array();
            } else if key != "attributes" {
                return Err(BadRecord::UnknownField { object: name, key: key.clone() });
            }
        }
        let id = self.write(object, cells, now);
        for line in lines.into_iter().flatten().filter_map(Value::as_object) {
            let mut line = line.clone();
            line.insert("OrderId".to_owned(), id.as_str().into());
            let line = self.put(Object::OrderItem, &line, now)?;
            let row = self.table(Object::OrderItem).by_id[&line];
            self.lines.entry(id).or_default().push(row);
        }
        Ok(id)
    }

    fn write(&mut self, object: Object, cells: Vec<(usize, Cell)>, now: DateTime<Utc>) -> SfId {
        let given = |name| {
            let (column, _) = self.table(object).schema.find(name)?;
            cells.iter().find(|(to, cell)| *to == column && *cell != Cell::Null).map(|(_, cell)| cell.clone())
        };
        let id = given("Id").and_then(|cell| cell.as_id());
        let stamp = given("SystemModstamp").unwrap_or(Cell::DateTime(now));
        let id = id.unwrap_or_else(|| {
            self.next_id += 1;
            SfId::new(object.key_prefix(), self.next_id)
        });
        let known = self.table(object).by_id.get(&id).copied();
        if let (Object::Order, Some(row)) = (object, known) {
            self.unindex(row);
        }
        let number = self.next_id;
        let table = &mut self.tables[object as usize];
        let row = known.unwrap_or_else(|| table.insert(id, number, object));
        let record = table.rows[row as usize].get_or_insert_default();
        for (column, cell) in cells {
            set(record, column, cell);
        }
        for name in ["SystemModstamp", "LastModifiedDate", "CreatedDate"] {
            if let Some((column, _)) = table.schema.find(name)
                && (name == "SystemModstamp" || record.get(column).is_none_or(|cell| *cell == Cell::Null))
            {
                set(record, column, stamp.clone());
            }
        }
        if object == Object::Order {
            self.index(row);
        }
        id
    }

    fn key(&self, row: u32) -> Option<(DateTime<Utc>, SfId)> {
        let (column, _) = self.table(Object::Order).schema.find("SystemModstamp")?;
        let stamp = self.cell(Object::Order, row, column).as_datetime()?;
        Some((stamp, self.cell(Object::Order, row, 0).as_id()?))
    }

    fn number(&self, row: u32) -> Option<Box<str>> {
        let (column, _) = self.table(Object::Order).schema.find("OrderNumber")?;
        if let Cell::Text(number) = self.cell(Object::Order, row, column) { Some(number.clone()) } else { None }
    }

    fn index(&mut self, row: u32) {
        if let Some(key) = self.key(row) {
            self.stamps.insert(key, row);
            self.number(row).map(|number| self.numbers.insert(number, key.1));
        }
    }

    fn unindex(&mut self, row: u32) {
        self.key(row).map(|key| self.stamps.remove(&key));
        self.number(row).map(|number| self.numbers.remove(&number));
    }
}

impl Table {
    /// No record, when it was removed.
    pub(crate) fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)?.as_ref()
    }

    /// All rows, in the order in which they were added.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.rows).filter_map(|(row, record)| record.is_some().then_some(row))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A new record with its id, its number where the object has automatic ones, and false where a boolean is not given.
    fn insert(&mut self, id: SfId, number: u64, object: Object) -> u32 {
        let automatic = match object {
            Object::Order => "OrderNumber",
            Object::OrderItem => "OrderItemNumber",
            _ => "",
        };
        let mut record = vec![Cell::Null; self.schema.width()];
        for (column, field) in self.schema.fields() {
            if field.kind == super::schema::Kind::Boolean {
                record[column] = Cell::Bool(false);
            } else if field.name == "Id" {
                record[column] = Cell::Id(id);
            } else if field.name == automatic {
                record[column] = Cell::Text(format!("{number:010}").into());
            }
        }
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(Some(record));
        self.by_id.insert(id, row);
        row
    }
}

fn set(record: &mut Row, column: usize, cell: Cell) {
    if record.len() <= column {
        record.resize(column + 1, Cell::Null);
    }
    record[column] = cell;
}
