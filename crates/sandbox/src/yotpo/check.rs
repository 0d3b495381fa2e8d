//! What Yotpo makes of a purchase: it creates it, refuses it aloud, or answers 200 and ignores it.
//! <https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::error::FieldError;

/// What becomes of a purchase.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// With this order date.
    Create(NaiveDate),
    /// 400.
    Refuse(FieldError),
    /// 200, and nothing is created, for this reason.
    Ignore(&'static str),
}

/// Judges a purchase. `validate_data` is the request's, which mass creation has outside of the orders.
pub(crate) fn check(
    purchase: &Map<String, Value>,
    validate_data: Option<&Value>,
    platform: Option<&Value>,
    now: DateTime<Utc>,
) -> Ruling {
    let text = |field: &str| purchase.get(field).and_then(Value::as_str).unwrap_or_default();
    let order_id = text("order_id");
    let refuse = |field, error| Ruling::Refuse(FieldError { order_id: order_id.to_owned(), field, error });
    if has_unquoted(purchase) {
        return Ruling::Ignore("a variable that is not in quotes");
    }
    if validate_data.is_some_and(|value| !value.is_boolean()) {
        return Ruling::Ignore("validate_data in quotes");
    }
    if order_id.trim().is_empty() {
        return refuse("order_id", "can't be blank");
    }
    if platform.and_then(Value::as_str).unwrap_or_default().is_empty() {
        return refuse("platform", "can't be blank");
    }
    if !is_email(text("email")) {
        return refuse("email", "Invalid email address");
    }
    let name = text("customer_name");
    if name.trim().is_empty() || name.chars().count() >= 255 {
        return refuse("customer_name", "is blank or too long");
    }
    let currency = text("currency_iso");
    if !currency.is_empty() && (currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return refuse("currency_iso", "Invalid currency");
    }
    let order_date = match text("order_date") {
        "" => now.date_naive(),
        date => match date.get(..10).unwrap_or_default().parse() {
            Ok(day) => day,
            Err(_) => return refuse("order_date", "Invalid date"),
        },
    };
    if now.date_naive().checked_sub_months(Months::new(6)).is_some_and(|earliest| order_date < earliest) {
        return Ruling::Ignore("older than six months");
    }
    match purchase.get("products").and_then(Value::as_object) {
        None => Ruling::Ignore("no products"),
        Some(products) if products.is_empty() => Ruling::Ignore("no products"),
        Some(products) if !products.keys().all(|id| is_product_id(id)) => {
            Ruling::Ignore("an invalid character in a product id")
        }
        Some(_) => Ruling::Create(order_date),
    }
}

/// Whether there is a value without quotes, besides null and the two flags that are documented as booleans.
fn has_unquoted(fields: &Map<String, Value>) -> bool {
    fields.iter().any(|(name, value)| match value {
        Value::Number(_) => true,
        Value::Bool(_) => !matches!(name.as_str(), "validate_data" | "coupon_used"),
        Value::Object(inner) => has_unquoted(inner),
        Value::Array(_) | Value::String(_) | Value::Null => false,
    })
}

fn is_product_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What Yotpo's expression (quoted in its own cartridge) lets pass: up to 64 characters, `@`, labels of
/// letters, digits and dashes, a last label of two letters at least. Spaces around it do not matter.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.trim().split_once('@') else {
        return false;
    };
    let is_local = |c: char| c.is_alphanumeric() || "#$%&'*+,-./!?^_`{|}~=".contains(c);
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let Some((labels, last)) = domain.rsplit_once('.') else {
        return false;
    };
    (1..=64).contains(&local.chars().count())
        && local.chars().all(is_local)
        && labels.split('.').all(is_label)
        && last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ruling(change: &[(&str, Value)]) -> Ruling {
        let mut purchase = json!({
            "email": "a.buyer@example.com", "customer_name": "A. Buyer", "order_id": "1", "platform": "general",
            "order_date": "2026-11-20", "currency_iso": "USD", "validate_data": true,
            "products": {"A-1": {"name": "A", "url": "https://example.com/a", "price": "1.00"}},
        });
        for (field, value) in change {
            purchase[*field] = value.clone();
        }
        let now = "2026-11-21T06:00:00Z".parse().unwrap();
        check(purchase.as_object().unwrap(), purchase.get("validate_data"), purchase.get("platform"), now)
    }

    #[test]
    fn a_documented_purchase_is_created() {
        assert_eq!(ruling(&[]), Ruling::Create("2026-11-20".parse().unwrap()));
        assert_eq!(ruling(&[("order_date", Value::Null)]), Ruling::Create("2026-11-21".parse().unwrap()));
        assert_eq!(ruling(&[("currency_iso", Value::Null)]), Ruling::Create("2026-11-20".parse().unwrap()));
    }

    #[test]
    fn what_yotpo_ignores_in_silence() {
        let cases = [
            ("products", json!({"A 1": {"name": "A"}})),
            ("products", json!({"A/1": {"name": "A"}, "A-2": {"name": "B"}})),
            ("products", json!({"A-1": {"price": 1.5}})),
            ("products", json!({})),
            ("validate_data", json!("true")),
            ("order_id", json!(17)),
            ("order_date", json!("2026-05-20")),
        ];
        for (field, value) in cases {
            assert!(matches!(ruling(&[(field, value.clone())]), Ruling::Ignore(_)), "{field} {value}");
        }
        assert!(matches!(ruling(&[("order_date", json!("2026-05-21"))]), Ruling::Create(_)));
    }

    #[test]
    fn what_yotpo_refuses() {
        let cases = [
            ("email", json!("no-at-sign")),
            ("email", json!("two@at@example.com")),
            ("email", json!("a b@example.com")),
            ("email", json!("a@localhost")),
            ("email", json!("a@example..com")),
            ("email", json!(format!("{}@example.com", "a".repeat(65)))),
            ("email", Value::Null),
            ("customer_name", json!(" ")),
            ("customer_name", json!("n".repeat(255))),
            ("order_date", json!("20.11.2026")),
            ("currency_iso", json!("Dollar")),
            ("platform", Value::Null),
            ("order_id", json!("")),
        ];
        for (field, value) in cases {
            let Ruling::Refuse(error) = ruling(&[(field, value.clone())]) else { panic!("{field} {value}") };
            assert_eq!(error.field, field);
        }
        assert!(is_email("  jörg.müller+tag@bücher.example  "));
    }
}
