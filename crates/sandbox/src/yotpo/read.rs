//! `GET /apps/{app_key}/purchases`: what was created, a row for each order and product.

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{Account, Accounts, PurchaseRow};
use super::error::{of_status, unauthorized};
use super::settings::SinceDate;

/// The query string.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    utoken: Option<String>,
    since_id: Option<u64>,
    since_date: Option<String>,
    page: Option<usize>,
    count: Option<usize>,
}

/// Ten rows a page unless asked for more, two hundred at most.
pub(crate) fn read(accounts: &mut Accounts, app_key: &str, parameters: &Parameters, now: DateTime<Utc>) -> Response {
    if !accounts.utokens.admit(&accounts.settings, app_key, parameters.utoken.as_deref(), now) {
        return unauthorized();
    }
    let since = match parameters.since_date.as_deref().map(|date| date.get(..10).unwrap_or(date).parse::<NaiveDate>()) {
        None => None,
        Some(Ok(date)) => Some(date),
        Some(Err(_)) => return of_status(400),
    };
    let Some(account) = accounts.by_key.get(app_key) else { return unauthorized() };
    let rows = select(account, accounts.settings.since_date, since, parameters.since_id, now);
    let count = parameters.count.unwrap_or(10).clamp(1, 200);
    let skipped = (parameters.page.unwrap_or(1).max(1) - 1).saturating_mul(count);
    let shown: Vec<Value> = rows.iter().skip(skipped).take(count).map(|row| render(account, row)).collect();
    Json(json!({
        "status": {"code": 200, "message": "OK"},
        "response": {"total_purchases": rows.len(), "total_orders": shown.len(), "purchases": shown},
    }))
    .into_response()
}

/// Rows are kept in the order of their creation, and become visible in that order.
fn select(
    account: &Account,
    by: SinceDate,
    since: Option<NaiveDate>,
    since_id: Option<u64>,
    now: DateTime<Utc>,
) -> Vec<&PurchaseRow> {
    let mut rows = &account.rows[..account.rows.partition_point(|row| row.visible_at <= now)];
    if let Some(id) = since_id {
        rows = &rows[rows.partition_point(|row| row.id < id)..];
    }
    match (since, by) {
        (None, _) => rows.iter().collect(),
        (Some(date), SinceDate::OrderDate) => rows.iter().filter(|row| row.order_date >= date).collect(),
        (Some(date), SinceDate::CreatedAt) => {
            let start = date.and_time(NaiveTime::MIN).and_utc();
            rows[rows.partition_point(|row| row.created_at < start)..].iter().collect()
        }
    }
}

fn render(account: &Account, row: &PurchaseRow) -> Value {
    let purchase = account.arrivals.get(&row.order_id).map_or(&Value::Null, |arrival| &arrival.body);
    let product = &purchase["products"][row.product_id.as_str()];
    json!({
        "id": row.id,
        "user_email": purchase["email"],
        "user_name": purchase["customer_name"],
        "order_id": row.order_id,
        "product_sku": row.product_id,
        "product_name": product["name"],
        "product_url": product["url"],
        "order_date": format!("{}T00:00:00Z", row.order_date),
        "product_description": product["description"],
        "created_at": row.created_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}
