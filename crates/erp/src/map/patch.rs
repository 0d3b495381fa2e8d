//! An order that NetSuite has is brought up to date, without touching what was shipped, billed or edited there.

use super::held::{HeldLine, NetSuiteOrder, lines_hash, same};
use super::record::{Ids, as_held, new_line, number, tax_details};
use super::sheet::{OrderLine, is_goods};
use super::stamp::{STAMP_FIELD, Stamp, lines_part, mixed};
use super::{OrderEffect, Parked, Settings};
use ledger::{EffectHash, Revision};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a PATCH of a sales order changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    fields: Map<String, Value>,
    addresses: Map<String, Value>,
    lines: Vec<Value>,
    stamp: Option<Stamp>,
    /// Why the lines stay as they are, though Shopify's have changed: `lines_locked` or `already_fulfilled`. The rest is sent, and the
    /// order is parked.
    pub locked: Option<&'static str>,
}

impl Patch {
    /// The body of `PATCH /record/v1/salesOrder/{id}`; `None` if there is nothing to change. Without `addresses` where NetSuite has
    /// refused them before: the stamp then has no header's part, so that it passes for no effect's.
    pub fn body(&self, addresses: bool) -> Option<Value> {
        let mut stamp = self.stamp.clone()?;
        let mut body = self.fields.clone();
        if addresses {
            body.extend(self.addresses.clone());
        } else if self.has_addresses() {
            stamp.effect = mixed(&EffectHash::from_bits(0), Some(&stamp.effect));
        }
        if !self.lines.is_empty() {
            body.insert("item".to_owned(), json!({ "items": self.lines }));
        }
        body.insert(STAMP_FIELD.to_owned(), stamp.to_string().into());
        Some(Value::Object(body))
    }

    /// Whether the order's addresses change.
    pub fn has_addresses(&self) -> bool {
        !self.addresses.is_empty()
    }
}

/// What has to change at NetSuite: header fields that differ, and the lines if Shopify's have changed since the last write. Nothing,
/// where NetSuite has a newer revision already.
///
/// # Errors
/// `unknown_item`, with the item's name, when one of a line that is sent is not among `ids`.
pub fn patch(
    effect: &OrderEffect,
    current: &NetSuiteOrder,
    ids: &Ids<'_>,
    revision: Revision,
    settings: &Settings<'_>,
) -> Result<Patch, Parked> {
    let nothing = |locked| Patch { fields: Map::new(), addresses: Map::new(), lines: Vec::new(), stamp: None, locked };
    let (hash, stamp) = (effect.hash(), current.stamp.as_ref());
    if stamp.is_some_and(|stamp| stamp.effect == hash || stamp.revision > revision) {
        return Ok(nothing(None));
    }
    let changed = stamp.is_none_or(|stamp| lines_part(&stamp.effect) != lines_part(&hash));
    let lines = if changed { lines(effect, current, ids)? } else { Lines::Stay };
    let (mut fields, locked, sent, stamp_now) = match lines {
        Lines::Sent(sent, after) => {
            // What NetSuite computes tax from is sent with the lines that it is computed of.
            let details = if sent.is_empty() { Map::new() } else { tax_details(&effect.lines, settings) };
            (details, None, sent, Stamp { revision, effect: hash, lines: lines_hash(&after) })
        }
        Lines::Stay => {
            let lines = stamp.map_or_else(|| lines_hash(&current.lines), |stamp| stamp.lines.clone());
            (Map::new(), None, Vec::new(), Stamp { revision, effect: hash, lines })
        }
        Lines::Locked(reason) => {
            // Neither hash of the lines moves, so that the next change is held against what NetSuite has, and the stamp does not
            // pass for this effect's.
            let effect = mixed(&hash, stamp.map(|stamp| &stamp.effect));
            let unknown = || EffectHash::from_bits(0);
            let lines = stamp.map_or_else(unknown, |stamp| stamp.lines.clone());
            (Map::new(), Some(reason), Vec::new(), Stamp { revision, effect, lines })
        }
    };
    let differs = |(name, ours): &(&String, &Value)| !same(ours, current.fields.get(*name).unwrap_or(&Value::Null));
    fields.extend(effect.fields.iter().filter(differs).map(|(name, ours)| (name.clone(), ours.clone())));
    let addresses = effect.addresses.iter().map(|(name, ours)| ((*name).to_owned(), ours.clone()));
    let addresses: Map<String, Value> =
        addresses.filter(|(name, ours)| !same(ours, current.fields.get(name).unwrap_or(&Value::Null))).collect();
    let stamped = stamp.is_some_and(|stamp| stamp.effect == stamp_now.effect);
    if fields.is_empty() && addresses.is_empty() && sent.is_empty() && stamped {
        return Ok(nothing(locked));
    }
    Ok(Patch { fields, addresses, lines: sent, stamp: Some(stamp_now), locked })
}

enum Lines {
    /// What is sent, and the order's lines once it is.
    Sent(Vec<Value>, Vec<HeldLine>),
    /// Nothing to do.
    Stay,
    /// Something to do, and no leave to do it.
    Locked(&'static str),
}

const LINES_LOCKED: &str = "lines_locked";

fn lines(effect: &OrderEffect, current: &NetSuiteOrder, ids: &Ids<'_>) -> Result<Lines, Parked> {
    if effect.cancelled {
        return closed(effect, current, ids);
    }
    let mut wanted = by_key(&effect.lines);
    let (mut sent, mut after, mut locked) = (Vec::new(), Vec::new(), current.is_edited());
    for held in &current.lines {
        let key = held.key.as_deref();
        let (change, then) = match key.and_then(|key| wanted.remove(key)) {
            Some(line) => changed(line, held, ids)?,
            None if held.closed || key.is_none() => (Map::new(), held.clone()),
            None => close(held),
        };
        let wants = (then.item != held.item || then.rate != held.rate) && !held.done.is_zero();
        locked |= wants || then.quantity < held.done || (then.closed && !held.closed && held.is_done());
        if !change.is_empty() {
            sent.push(numbered(held, change));
        }
        after.push(then);
    }
    for line in effect.lines.iter().filter(|line| wanted.contains_key(line.key.as_str())) {
        sent.push(new_line(line, ids)?);
        after.push(as_held(line, ids.item(line)?));
    }
    Ok(match (sent.is_empty(), locked) {
        (true, _) => Lines::Stay,
        (false, true) => Lines::Locked(LINES_LOCKED),
        (false, false) => Lines::Sent(sent, after),
    })
}

fn by_key(lines: &[OrderLine]) -> BTreeMap<&str, &OrderLine> {
    lines.iter().map(|line| (line.key.as_str(), line)).collect()
}

/// Every open line is closed, charges and lines edited by hand too: the warehouse must not ship them. What was fulfilled or billed in
/// full stays as it is, and of the others what the order's memos give back.
fn closed(effect: &OrderEffect, current: &NetSuiteOrder, ids: &Ids<'_>) -> Result<Lines, Parked> {
    let goods = |line: &&HeldLine| line.key.as_deref().is_none_or(is_goods) && !line.closed;
    if current.lines.iter().any(|line| goods(&line)) && current.lines.iter().filter(goods).all(HeldLine::is_done) {
        return Ok(Lines::Locked("already_fulfilled"));
    }
    let mut kept = by_key(&effect.lines);
    let (mut sent, mut after) = (Vec::new(), Vec::new());
    for held in &current.lines {
        let (change, then) = match held.key.as_deref().and_then(|key| kept.remove(key)) {
            Some(line) if held.done.is_zero() => changed(line, held, ids)?,
            _ if held.closed || held.is_done() => (Map::new(), held.clone()),
            _ => close(held),
        };
        if !change.is_empty() {
            sent.push(numbered(held, change));
        }
        after.push(then);
    }
    for line in effect.lines.iter().filter(|line| kept.contains_key(line.key.as_str())) {
        sent.push(new_line(line, ids)?);
        after.push(as_held(line, ids.item(line)?));
    }
    Ok(if sent.is_empty() { Lines::Stay } else { Lines::Sent(sent, after) })
}

/// What differs between a line and NetSuite's.
fn changed(line: &OrderLine, held: &HeldLine, ids: &Ids<'_>) -> Result<(Map<String, Value>, HeldLine), Parked> {
    let mut change = Map::new();
    let mut set = |field: &str, value: Value| _ = change.insert(field.to_owned(), value);
    let quantity = Decimal::from(line.quantity);
    let item = ids.item(line)?.as_str();
    if item != held.item {
        set("item", json!({ "id": item }));
    }
    if quantity != held.quantity {
        set("quantity", line.quantity.into());
    }
    if line.rate != held.rate || item != held.item {
        set("price", json!({ "id": "-1" }));
        set("rate", number(line.rate));
    }
    if held.closed {
        set("isClosed", false.into());
    }
    if change.is_empty() {
        return Ok((change, held.clone()));
    }
    Ok((change, HeldLine { line: held.line, done: held.done, ..as_held(line, ids.item(line)?) }))
}

fn close(held: &HeldLine) -> (Map<String, Value>, HeldLine) {
    let change = [("isClosed".to_owned(), true.into())].into_iter().collect();
    (change, HeldLine { closed: true, ..held.clone() })
}

fn numbered(held: &HeldLine, mut change: Map<String, Value>) -> Value {
    change.insert("line".to_owned(), held.line.into());
    Value::Object(change)
}
