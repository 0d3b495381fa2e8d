//! An order as a nested document, the shape in which it is put in.

use serde_json::{Map, Value};

use super::cell::Cell;
use super::org::Org;
use super::schema::Object;

impl Org {
    /// Every field that has a value, the parents, and the lines under `OrderItems`.
    pub(crate) fn document(&self, order: u32) -> Value {
        let mut document = self.fields(Object::Order, order, 1);
        let lines = self.lines(order).iter().map(|line| Value::Object(self.fields(Object::OrderItem, *line, 1)));
        document.insert("OrderItems".to_owned(), lines.collect());
        Value::Object(document)
    }

    fn fields(&self, object: Object, row: u32, parents: u8) -> Map<String, Value> {
        let mut fields = Map::new();
        for (column, field) in self.table(object).schema.fields() {
            let cell = self.cell(object, row, column);
            if *cell == Cell::Null {
                continue;
            }
            fields.insert(field.name.clone(), cell.render());
            // A line's order is the document that it stands in.
            if let Some((name, to)) = field.parent.as_ref().filter(|(_, to)| parents > 0 && *to != Object::Order)
                && let Some(parent) = self.parent(object, row, column, *to)
            {
                fields.insert(name.clone(), Value::Object(self.fields(*to, parent, parents - 1)));
            }
        }
        fields
    }
}
