//! DynamoDB: one table with the partition key `k`, conditional updates that give the old item back, and reads that lag.

use crate::{
    bill::{Usage, size},
    chance::Chance,
    clock,
    expression::{Item, Reader},
    fault::BrokenPromise,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// Expired items are deleted "within a few days".
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>
const TTL_LAG: TimeDelta = TimeDelta::days(2);
const KEYS: usize = 100;

/// The table, each item with what it was before its last write.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, (Item, Option<Item>)>);

impl Table {
    pub(crate) fn text<'a>(&'a self, key: &str, attribute: &str) -> Option<&'a str> {
        self.0.get(key)?.0.get(attribute)?["S"].as_str()
    }

    pub(crate) fn number(&self, key: &str, attribute: &str) -> Option<i64> {
        self.0.get(key)?.0.get(attribute)?["N"].as_str()?.parse().ok()
    }

    pub(crate) fn holds(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The items whose keys begin so.
    pub(crate) fn kept(&self, kind: &str) -> Vec<Value> {
        self.0.iter().filter(|(key, _)| key.starts_with(kind)).map(|(_, (item, _))| json!(item)).collect()
    }

    /// Puts an item there that somebody outside has written.
    pub(crate) fn keep(&mut self, key: &str, item: Item) {
        self.0.insert(key.to_owned(), (item, None));
    }

    /// Takes them out.
    pub(crate) fn forget(&mut self, kind: &str) {
        self.0.retain(|key, _| !key.starts_with(kind));
    }

    /// The size of all items together.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.values().map(|(item, _)| size(item) as u64).sum()
    }

    fn delete_expired(&mut self, key: &str, now: DateTime<Utc>) {
        let gone = |item: &Item| {
            let at = item.get("expires_at").and_then(|v| v["N"].as_str()?.parse().ok());
            at.and_then(|s| DateTime::from_timestamp(s, 0)).is_some_and(|at| at + TTL_LAG < now)
        };
        if self.0.get(key).is_some_and(|(item, _)| gone(item)) {
            self.0.remove(key);
        }
    }
}

type Answer = Result<Value, (u16, Value)>;

fn invalid(why: impl std::fmt::Display) -> (u16, Value) {
    let kind = "com.amazon.coral.validate#ValidationException";
    (400, json!({"__type": kind, "message": why.to_string()}))
}

fn key(request: &Value) -> Result<&str, (u16, Value)> {
    request["Key"]["k"]["S"].as_str().ok_or_else(|| invalid("the key is not `k`"))
}

impl Table {
    /// `GetItem`.
    pub(crate) fn get(&mut self, chance: &mut Chance, usage: &mut Usage, request: &Value) -> Answer {
        let key = key(request)?;
        self.delete_expired(key, clock::now());
        let consistent = request["ConsistentRead"] == true;
        let stale = !consistent && chance.odd(chance.odds.stale);
        let item = self.0.get(key).and_then(|(now, before)| if stale { before.as_ref() } else { Some(now) });
        usage.read(item, consistent);
        Ok(item.map_or_else(|| json!({}), |item| json!({"Item": item})))
    }

    /// `BatchGetItem`.
    pub(crate) fn batch_get(&mut self, chance: &mut Chance, usage: &mut Usage, request: &Value) -> Answer {
        let (mut responses, mut left) = (Map::new(), Map::new());
        for (table, wanted) in request["RequestItems"].as_object().into_iter().flatten() {
            let keys: Vec<&Value> = wanted["Keys"].as_array().into_iter().flatten().collect();
            let names: BTreeSet<&str> = keys.iter().filter_map(|k| k["k"]["S"].as_str()).collect();
            if keys.is_empty() || keys.len() > KEYS || names.len() != keys.len() {
                return Err(invalid("too many keys, none, or one twice"));
            }
            let (mut items, mut unprocessed) = (Vec::new(), Vec::new());
            for key in keys {
                if chance.odd(chance.odds.partial) {
                    unprocessed.push(key.clone());
                    continue;
                }
                let one = json!({"Key": key, "ConsistentRead": wanted["ConsistentRead"]});
                items.extend(self.get(chance, usage, &one)?.get("Item").cloned());
            }
            responses.insert(table.clone(), items.into());
            if !unprocessed.is_empty() {
                left.insert(table.clone(), json!({"Keys": unprocessed}));
            }
        }
        Ok(json!({"Responses": responses, "UnprocessedKeys": left}))
    }

    /// `Query` of the index of what is open: all of it in one page.
    pub(crate) fn query(&self, usage: &mut Usage, request: &Value) -> Answer {
        if request["IndexName"] != "open" || request["KeyConditionExpression"] != "open_flow = :flow" {
            return Err(invalid("no such index, or another condition than is understood"));
        }
        let flow = &request["ExpressionAttributeValues"][":flow"];
        let of_flow = |item: &&Item| item.get("open_flow") == Some(flow);
        let items: Vec<&Item> = self.0.values().map(|(item, _)| item).filter(of_flow).collect();
        for item in &items {
            usage.read(Some(item), false);
        }
        Ok(json!({"Items": items, "Count": items.len()}))
    }

    /// `UpdateItem`.
    pub(crate) fn update(&mut self, chance: &Chance, usage: &mut Usage, request: &Value) -> Answer {
        let key = key(request)?;
        self.delete_expired(key, clock::now());
        let before = self.0.get(key).map(|(item, _)| item.clone());
        let item = before.clone().unwrap_or_default();
        let used = RefCell::new(BTreeSet::new());
        let holds = Reader::new(request, "ConditionExpression", &used).map_or(Ok(true), |c| c.condition(&item));
        let after =
            Reader::new(request, "UpdateExpression", &used).map_or_else(|| Ok(item.clone()), |u| u.update(&item));
        let (holds, mut after) = (holds.map_err(invalid)?, after.map_err(invalid)?);
        for field in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
            let placeholders = request[field].as_object().into_iter().flat_map(Map::keys);
            if let Some(unused) = placeholders.into_iter().find(|p| !used.borrow().contains(*p)) {
                return Err(invalid(format!("{unused} is unused")));
            }
        }
        after.insert("k".to_owned(), json!({"S": key}));
        let refused = !holds && chance.broken != Some(BrokenPromise::Condition);
        usage.write(before.as_ref(), if refused { before.as_ref() } else { Some(&after) });
        if refused {
            let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            let mut error = json!({"__type": kind, "message": "The conditional request failed"});
            if let (Some(item), Some("ALL_OLD")) = (&before, request["ReturnValuesOnConditionCheckFailure"].as_str()) {
                error["Item"] = json!(item);
            }
            return Err((400, error));
        }
        self.0.insert(key.to_owned(), (after, before.clone()));
        Ok(match (before, request["ReturnValues"].as_str()) {
            (Some(before), Some("ALL_OLD")) => json!({"Attributes": before}),
            _ => json!({}),
        })
    }
}

#[cfg(test)]
#[path = "dynamodb_tests.rs"]
mod tests;
