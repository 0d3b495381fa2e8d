//! A sales order as NetSuite holds it.

use super::stamp::{LINE_FIELD, STAMP_FIELD, Stamp};
use ledger::EffectHash;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// What `GET /record/v1/salesOrder/{id}?expandSubResources=true` says, as far as it matters here.
#[derive(Debug, Clone, PartialEq)]
pub struct NetSuiteOrder {
    /// The internal id.
    pub id: String,
    /// What we wrote last; `None` where somebody else made the record, or cleared the field.
    pub stamp: Option<Stamp>,
    /// The body as it came, addresses included.
    pub fields: Map<String, Value>,
    /// The lines.
    pub lines: Vec<HeldLine>,
}

/// A line of a sales order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLine {
    /// NetSuite's number of it, by which a PATCH names it.
    pub line: i64,
    /// What we wrote it for; `None` for a line that somebody added.
    pub key: Option<String>,
    /// The item's internal id.
    pub item: String,
    /// Pieces; 1 where NetSuite has none, as for discounts.
    pub quantity: Decimal,
    /// For one piece.
    pub rate: Decimal,
    /// For all of them.
    pub amount: Decimal,
    /// Whether nothing more is to happen to it.
    pub closed: bool,
    /// Pieces that were fulfilled or billed, whichever are more.
    pub done: Decimal,
}

/// A record that is no sales order as documented. Names what was expected, and quotes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sales order has no {0}")]
pub struct NotAnOrder(&'static str);

impl NetSuiteOrder {
    /// Reads an answer of NetSuite's.
    ///
    /// # Errors
    /// When the id, the lines, or a line's number or item are missing.
    pub fn parse(record: &Value) -> Result<Self, NotAnOrder> {
        let fields = record.as_object().ok_or(NotAnOrder("fields"))?.clone();
        let id = id(record).ok_or(NotAnOrder("id"))?;
        let lines = record["item"]["items"].as_array().ok_or(NotAnOrder("item.items"))?;
        let lines = lines.iter().map(HeldLine::parse).collect::<Result<_, _>>()?;
        let stamp = record[STAMP_FIELD].as_str().and_then(|text| text.parse().ok());
        Ok(Self { id, stamp, fields, lines })
    }

    /// Whether somebody has edited the lines since we wrote them.
    pub fn is_edited(&self) -> bool {
        self.stamp.as_ref().is_none_or(|stamp| stamp.lines != lines_hash(&self.lines))
    }
}

impl HeldLine {
    fn parse(line: &Value) -> Result<Self, NotAnOrder> {
        let quantity = number(&line["quantity"]).unwrap_or(Decimal::ONE);
        let amount = number(&line["amount"]);
        let rate = number(&line["rate"]).or(amount).unwrap_or_default();
        let done = |field: &str| number(&line[field]).unwrap_or_default();
        Ok(Self {
            line: line["line"].as_i64().ok_or(NotAnOrder("line number"))?,
            key: line[LINE_FIELD].as_str().map(str::to_owned).filter(|key| !key.is_empty()),
            item: id(&line["item"]).ok_or(NotAnOrder("item"))?,
            quantity,
            rate,
            amount: amount.unwrap_or(rate * quantity),
            closed: line["isClosed"].as_bool().unwrap_or_default(),
            done: done("quantityFulfilled").max(done("quantityBilled")),
        })
    }

    /// Whether all of it was fulfilled or billed.
    pub fn is_done(&self) -> bool {
        self.done >= self.quantity && !self.done.is_zero()
    }
}

/// Hash of all lines: item, quantity, rate, amount, closed. Their order does not matter.
pub(super) fn lines_hash(lines: &[HeldLine]) -> EffectHash {
    let text = |line: &HeldLine| {
        let [quantity, rate, amount] = [line.quantity, line.rate, line.amount].map(|number| number.normalize());
        format!("{}|{quantity}|{rate}|{amount}|{}\n", line.item, line.closed)
    };
    let mut texts: Vec<String> = lines.iter().map(text).collect();
    texts.sort_unstable();
    EffectHash::of(texts.concat().as_bytes())
}

/// The id of a record or a reference, which NetSuite writes with quotes in most places.
pub(super) fn id(of: &Value) -> Option<String> {
    match &of["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Whether NetSuite's value says the same as ours: references by their id, addresses by the fields that we have.
pub(super) fn same(ours: &Value, theirs: &Value) -> bool {
    match ours {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("id") => match id(ours) {
            Some(ours) => id(theirs).or_else(|| theirs.as_str().map(str::to_owned)) == Some(ours),
            None => false,
        },
        Value::Object(fields) => fields.iter().all(|(name, ours)| same(ours, &theirs[name])),
        Value::Null => theirs.is_null() || theirs.as_str() == Some(""),
        _ => ours == theirs,
    }
}

/// NetSuite's numbers are JSON numbers; text in some places.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
