//! `POST /apps/{app_key}/purchases` and `…/mass_create.json`.

use axum::response::Response;
use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::accounts::Accounts;
use super::check::{Fate, check};
use super::error::{FieldError, invalid, ok, unauthorized};
use crate::call::Circumstances;

/// A request as it came.
pub(crate) struct Request {
    pub(crate) app_key: String,
    pub(crate) body: Map<String, Value>,
    /// Whether the content type says JSON; without it Yotpo answers 200 and creates nothing.
    pub(crate) says_json: bool,
}

/// Counts the request for each of its orders, before anything is decided about it.
pub(crate) fn note(accounts: &mut Accounts, request: &Request) {
    let orders = request.body.get("orders").and_then(Value::as_array);
    let orders =
        orders.map_or_else(|| vec![&request.body], |orders| orders.iter().filter_map(Value::as_object).collect());
    let Some(account) = accounts.by_key.get_mut(&request.app_key) else { return };
    for order in orders {
        let arrival = account.arrival(&request.app_key, &order_id(order));
        arrival.posted += 1;
        if arrival.effects == 0 {
            arrival.body = without_utoken(order);
        }
    }
}

/// Creates one purchase.
pub(crate) fn create(accounts: &mut Accounts, request: &Request, circumstances: Circumstances) -> Response {
    if !admit(accounts, request, circumstances) {
        return unauthorized();
    }
    let fate = fate(accounts, request, &request.body, circumstances);
    if let Fate::Refuse(error) = fate {
        refuse(accounts, request, &error);
        return invalid(&[error]);
    }
    settle(accounts, request, &request.body, &fate, circumstances);
    ok()
}

/// Creates several, or none of them when one is refused.
pub(crate) fn mass_create(accounts: &mut Accounts, request: &Request, circumstances: Circumstances) -> Response {
    if !admit(accounts, request, circumstances) {
        return unauthorized();
    }
    let orders =
        request.body.get("orders").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let fates: Vec<_> = orders.map(|order| (order, fate(accounts, request, order, circumstances))).collect();
    let mut errors = Vec::new();
    for (_, fate) in &fates {
        if let Fate::Refuse(error) = fate {
            refuse(accounts, request, error);
            errors.push(error.clone());
        }
    }
    if !errors.is_empty() {
        return invalid(&errors);
    }
    for (order, fate) in &fates {
        settle(accounts, request, order, fate, circumstances);
    }
    ok()
}

fn admit(accounts: &mut Accounts, request: &Request, circumstances: Circumstances) -> bool {
    let utoken = request.body.get("utoken").and_then(Value::as_str);
    accounts.utokens.admit(&accounts.settings, &request.app_key, utoken, circumstances.now)
}

fn fate(accounts: &Accounts, request: &Request, order: &Map<String, Value>, circumstances: Circumstances) -> Fate {
    let id = order_id(order);
    if accounts.refused.contains(&id) {
        return Fate::Refuse(FieldError { order_id: id, field: "order_id", error: "is not acceptable" });
    }
    if !request.says_json {
        return Fate::Ignore("no JSON content type");
    }
    let field = |name| order.get(name).or_else(|| request.body.get(name));
    check(order, field("validate_data"), field("platform"), circumstances.now)
}

fn refuse(accounts: &mut Accounts, request: &Request, error: &FieldError) {
    if let Some(account) = accounts.by_key.get_mut(&request.app_key) {
        account.arrival(&request.app_key, &error.order_id).refused += 1;
    }
}

/// What was answered 200 takes effect, or does not.
fn settle(
    accounts: &mut Accounts,
    request: &Request,
    order: &Map<String, Value>,
    fate: &Fate,
    circumstances: Circumstances,
) {
    let repeats_create = accounts.settings.repeats_create;
    let delay = TimeDelta::milliseconds(i64::try_from(accounts.settings.appear_after_ms).unwrap_or(i64::MAX / 4));
    let id = order_id(order);
    let Some(account) = accounts.by_key.get_mut(&request.app_key) else { return };
    let arrival = account.arrival(&request.app_key, &id);
    match fate {
        _ if circumstances.drop_silently => arrival.dropped += 1,
        Fate::Create(_) if arrival.effects > 0 && !repeats_create => arrival.repeats += 1,
        Fate::Create(date) => {
            arrival.effects += 1;
            let body = without_utoken(order);
            arrival.body = body.clone();
            account.create(&id, &body, *date, circumstances.now, delay);
        }
        Fate::Ignore(reason) => {
            arrival.ignored += 1;
            arrival.ignored_because = Some((*reason).to_owned());
        }
        Fate::Refuse(_) => {}
    }
}

/// As text even when it was sent as something else, so that the report can name it.
pub(crate) fn order_id(order: &Map<String, Value>) -> String {
    match order.get("order_id") {
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn without_utoken(order: &Map<String, Value>) -> Value {
    let mut order = order.clone();
    order.remove("utoken");
    Value::Object(order)
}
