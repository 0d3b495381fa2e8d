//! `POST /services/rest/query/v1/suiteql?limit=…&offset=…`, a page of a query's rows.

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::ast::{Condition, Expression, Query};
use super::evaluate::{Cell, holds, value};
use super::parse;
use super::tables::{self, Table};
use crate::netsuite::account::Account;
use crate::netsuite::error::Refusal;
use crate::netsuite::request::Request;

pub(crate) fn query(account: &mut Account, request: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    if !request.header("prefer").contains("transient") {
        return Err(Refusal::invalid_parameter(
            "The required request header 'Prefer' is missing. Set it to 'transient'.",
        ));
    }
    let document = request.document()?;
    let text = document.get("q").and_then(Value::as_str).ok_or_else(Refusal::invalid_request)?;
    let query =
        parse::query(text).map_err(|at| unsearchable(&format!("Invalid or unsupported search near place {at}.")))?;
    let table = tables::find(account, &query.from)
        .ok_or_else(|| unsearchable(&format!("Record '{}' was not found.", query.from)))?;
    check_columns(&table, &query)?;
    let (limit, offset) = bounds(account, request)?;
    let rows = select(&table, &query);
    let shown: Vec<Value> = rows.iter().skip(offset).take(limit).map(|row| show(&table, &query, row)).collect();
    let url = format!("{}/services/rest/query/v1/suiteql", account.base_url);
    let link = |rel: &str, offset: usize| json!({"rel": rel, "href": format!("{url}?limit={limit}&offset={offset}")});
    let has_more = offset + shown.len() < rows.len();
    let mut links = vec![link("self", offset)];
    if has_more {
        links.push(link("next", offset + limit));
    }
    Ok(Json(json!({
        "links": links, "count": shown.len(), "hasMore": has_more, "items": shown, "offset": offset,
        "totalResults": rows.len(),
    }))
    .into_response())
}

fn unsearchable(what: &str) -> Refusal {
    let text = format!("Invalid search query. Detailed unprocessed description follows. Search error occurred: {what}");
    Refusal::invalid_parameter(&text)
}

/// The page's limit and offset, which must be a multiple of it.
fn bounds(account: &Account, request: &Request) -> Result<(usize, usize), Refusal> {
    let number = |name: &str, default: usize| match request.parameter(name) {
        "" => Ok(default),
        text => text.parse().map_err(|_| Refusal::invalid_parameter(&format!("Invalid value for '{name}'."))),
    };
    let (limit, offset) = (number("limit", account.settings.page_size)?, number("offset", 0)?);
    if limit == 0 || limit > account.settings.page_size || offset % limit != 0 {
        return Err(Refusal::invalid_parameter("The 'offset' must be divisible by 'limit', and 'limit' at most 1000."));
    }
    Ok((limit, offset))
}

fn check_columns(table: &Table, query: &Query) -> Result<(), Refusal> {
    let mut used: Vec<&Expression> = query.select.iter().map(|(expression, _)| expression).collect();
    used.extend(query.order.iter().map(|(expression, _)| expression));
    if let Some(condition) = &query.condition {
        collect(condition, &mut used);
    }
    let unknown = used.iter().find(|expression| !table.columns.iter().any(|column| column == expression.column()));
    match unknown {
        None => Ok(()),
        Some(expression) => {
            let (column, record) = (expression.column(), &query.from);
            let text =
                format!("Field '{column}' for record '{record}' was not found. Reason: NOT_EXPOSED - Not exposed");
            Err(unsearchable(&text))
        }
    }
}

fn collect<'a>(condition: &'a Condition, used: &mut Vec<&'a Expression>) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| collect(part, used)),
        Condition::Not(inner) => collect(inner, used),
        Condition::Compare(left, ..) | Condition::Like(left, _) | Condition::In(left, _) | Condition::IsNull(left) => {
            used.push(left);
        }
    }
}

fn select<'a>(table: &'a Table, query: &Query) -> Vec<&'a [Cell]> {
    let admits =
        |row: &[Cell]| query.condition.as_ref().is_none_or(|condition| holds(table, row, condition) == Some(true));
    let mut rows: Vec<&[Cell]> = table.rows.iter().map(Vec::as_slice).filter(|row| admits(row)).collect();
    rows.sort_by(|one, other| {
        let orders = query.order.iter().map(|(expression, descending)| {
            let order = value(table, one, expression).order(&value(table, other, expression));
            if *descending { order.reverse() } else { order }
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    rows
}

/// A row: nulls are left out.
fn show(table: &Table, query: &Query, row: &[Cell]) -> Value {
    let cells = query.select.iter().map(|(expression, name)| (name, value(table, row, expression).shown()));
    let mut shown: Map<String, Value> = cells.filter_map(|(name, cell)| Some((name.clone(), json!(cell?)))).collect();
    shown.insert("links".to_owned(), json!([]));
    Value::Object(shown)
}
