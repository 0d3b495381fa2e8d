//! `POST /apps/{app_key}/purchases` and `…/mass_create.json`.

use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::accounts::{Account, Accounts};
use super::check::{Ruling, check};
use super::error::{FieldError, invalid, ok, unauthorized};
use super::settings::Settings;
use crate::call::Circumstances;

/// A request as it came.
pub(crate) struct Request {
    pub(crate) app_key: String,
    pub(crate) body: Map<String, Value>,
    /// Whether the content type says JSON; without it Yotpo answers 200 and creates nothing.
    pub(crate) says_json: bool,
}

impl Request {
    /// The list in a mass creation, else the body itself.
    fn orders(&self) -> Vec<&Map<String, Value>> {
        let orders = self.body.get("orders").and_then(Value::as_array);
        orders.map_or_else(|| vec![&self.body], |orders| orders.iter().filter_map(Value::as_object).collect())
    }
}

/// Counts the request for each of its orders, before anything is decided about it.
pub(crate) fn count(accounts: &mut Accounts, request: &Request) {
    let Some(account) = accounts.by_key.get_mut(&request.app_key) else { return };
    for order in request.orders() {
        let arrival = account.arrival(&order_id(order));
        arrival.posted += 1;
        if arrival.effects == 0 {
            arrival.body = without_utoken(order);
        }
    }
}

/// Creates all of its purchases, or none of them when one is refused.
pub(crate) fn create(accounts: &mut Accounts, request: &Request, circumstances: Circumstances) -> Response {
    let utoken = request.body.get("utoken").and_then(Value::as_str);
    if !accounts.utokens.admit(&accounts.settings, &request.app_key, utoken, circumstances.now) {
        return unauthorized();
    }
    let orders = request.orders().into_iter();
    let rulings: Vec<_> = orders.map(|order| (order, ruling(accounts, request, order, circumstances.now))).collect();
    let Some(account) = accounts.by_key.get_mut(&request.app_key) else { return unauthorized() };
    let refused =
        rulings.iter().filter_map(|(_, ruling)| if let Ruling::Refuse(error) = ruling { Some(error) } else { None });
    let errors: Vec<FieldError> = refused.cloned().collect();
    for error in &errors {
        account.arrival(&error.order_id).refused += 1;
    }
    if !errors.is_empty() {
        return invalid(&errors);
    }
    for (order, ruling) in rulings {
        take_effect(account, &accounts.settings, order, &ruling, circumstances);
    }
    ok()
}

fn ruling(accounts: &Accounts, request: &Request, order: &Map<String, Value>, now: DateTime<Utc>) -> Ruling {
    let id = order_id(order);
    if accounts.refused.contains(&id) {
        return Ruling::Refuse(FieldError { order_id: id, field: "order_id", error: "is not acceptable" });
    }
    if !request.says_json {
        return Ruling::Ignore("no JSON content type");
    }
    let field = |name| order.get(name).or_else(|| request.body.get(name));
    check(order, field("validate_data"), field("platform"), now)
}

/// What was answered 200 takes effect, or does not.
fn take_effect(
    account: &mut Account,
    settings: &Settings,
    order: &Map<String, Value>,
    ruling: &Ruling,
    circumstances: Circumstances,
) {
    let id = order_id(order);
    let arrival = account.arrival(&id);
    match ruling {
        _ if circumstances.drop_silently => arrival.dropped += 1,
        Ruling::Create(_) if arrival.effects > 0 && !settings.repeats_create => arrival.repeats += 1,
        Ruling::Create(date) => {
            arrival.effects += 1;
            let body = without_utoken(order);
            arrival.body = body.clone();
            let delay = TimeDelta::milliseconds(i64::try_from(settings.appear_after_ms).unwrap_or(i64::MAX / 4));
            account.create(&id, &body, *date, circumstances.now, delay);
        }
        Ruling::Ignore(reason) => {
            arrival.ignored += 1;
            arrival.ignored_because = Some((*reason).to_owned());
        }
        Ruling::Refuse(_) => {}
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
