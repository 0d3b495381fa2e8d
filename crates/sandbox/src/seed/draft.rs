//! One order: a document for the org, and what is expected of it.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::kind::Kind;
use super::manifest::Expected;
use super::people;
use super::spec::{DaySpec, local_date};
use crate::salesforce::SfId;

/// A line: product number, product id, whether Yotpo takes the id.
struct Line {
    product: u64,
    code: Option<String>,
    good: bool,
}

const CATALOGUE: u64 = 500;

pub(super) fn draft(spec: &DaySpec, place: usize, kind: Kind, rng: &mut ChaCha8Rng) -> (Value, Expected) {
    let number = spec.number(place);
    let (completed, stamp) = times(spec, kind, rng);
    let (first, last) = match kind {
        Kind::NonAsciiName => people::non_ascii_name(rng),
        _ => people::name(rng),
    };
    let first = (kind != Kind::LastNameOnly).then_some(first);
    let full_name = first.map_or_else(|| last.to_owned(), |first| format!("{first} {last}"));
    let email = format!("buyer.{number}@mail{}.example.com", spec.seed);
    let (contact_email, person_email) = match kind {
        Kind::NoEmail => (None, None),
        Kind::InvalidEmail => (Some(invalid_email(number, rng)), None),
        Kind::PersonAccountEmail => (None, Some(email.clone())),
        _ => (Some(email.clone()), None),
    };
    let route = &spec.routes[place % spec.routes.len().max(1)];
    let store = if kind == Kind::UnknownStore { &spec.unknown_store } else { &route.value };
    let lines = lines(kind, rng);
    let status = match kind {
        Kind::NotCompleted => "Activated",
        Kind::Draft => "Draft",
        _ => &spec.completed_status,
    };
    let id = SfId::new("801", number);
    let document = json!({
        "Id": id.as_str(),
        "OrderNumber": format!("{number:08}"),
        "Status": status,
        "StatusCode": if kind == Kind::Draft { "Draft" } else { "Activated" },
        "Type": if kind == Kind::TestOrder { "Test" } else { "Web" },
        "ActivatedDate": completed.map(|at| at.to_rfc3339()),
        "EffectiveDate": local_date(&spec.zone, completed.unwrap_or(stamp)),
        "Completed_On__c": completed.map(|at| local_date(&spec.zone, at)),
        "SystemModstamp": stamp.to_rfc3339(),
        "CurrencyIsoCode": route.currency,
        "Store__c": store,
        "Is_Test__c": kind == Kind::TestOrder,
        "IsReductionOrder": kind == Kind::Reduction,
        "BillToContact": {
            "Id": SfId::new("003", number).as_str(),
            "FirstName": first,
            "LastName": last,
            "Name": full_name,
            "Email": contact_email,
        },
        "Account": {
            "Id": SfId::new("001", number).as_str(),
            "Name": full_name,
            "IsPersonAccount": person_email.is_some(),
            "PersonEmail": person_email,
        },
        "OrderItems": lines.iter().zip(0..).map(|(line, n)| item(kind, number, n, line, rng)).collect::<Value>(),
    });
    let mut products: Vec<String> =
        lines.iter().filter(|line| line.good).filter_map(|line| line.code.clone()).collect();
    products.sort();
    products.dedup();
    let expected = Expected {
        id: id.to_string(),
        order_id: format!("{number:08}"),
        kind: format!("{kind:?}"),
        app_key: route.app_key.clone(),
        email: contact_email.or(person_email),
        customer_name: full_name,
        order_date: match (kind, completed) {
            (Kind::DateToCome | Kind::DateSoonToCome, Some(at)) => local_date(&spec.zone, at),
            _ => spec.business_day,
        },
        products,
        outcome: kind.outcome(),
    };
    (document, expected)
}

/// When it was completed, and its stamp.
fn times(spec: &DaySpec, kind: Kind, rng: &mut ChaCha8Rng) -> (Option<DateTime<Utc>>, DateTime<Utc>) {
    let (start, end) = spec.window();
    let length = (end - start).num_milliseconds();
    // Whole seconds, as Salesforce has them in these fields.
    let within = start + TimeDelta::seconds(rng.random_range(0..length / 1000));
    let soon = TimeDelta::seconds(rng.random_range(0..90));
    let second = TimeDelta::seconds(1);
    match kind {
        Kind::AtDayStart => (Some(start), start),
        Kind::AtLastMoment => (Some(end - second), end - second),
        Kind::AtDayEnd => (Some(end), end),
        Kind::NoCompletionDate | Kind::Draft => (None, within),
        Kind::TouchedAfterTheDay => (Some(within), end + TimeDelta::minutes(1) + soon),
        Kind::DayBefore => (Some(start - TimeDelta::hours(2)), start - TimeDelta::hours(2) + soon),
        Kind::DayBeforeTouched => (Some(start - TimeDelta::hours(3)), within),
        Kind::LongBefore => (Some(start - TimeDelta::days(40)), within),
        Kind::DateToCome => (Some(end + TimeDelta::days(40)), within),
        // The day after the next one, which has not begun when this day is run.
        Kind::DateSoonToCome => (Some(end + TimeDelta::hours(30)), within),
        Kind::DayAfter => (Some(end + TimeDelta::minutes(10)), end + TimeDelta::minutes(10) + soon),
        _ => (Some(within), within + soon),
    }
}

fn invalid_email(number: u64, rng: &mut ChaCha8Rng) -> String {
    match rng.random_range(0..4) {
        0 => format!("buyer.{number}.example.com"),
        1 => format!("buyer {number}@mail.example.com"),
        2 => format!("buyer.{number}@@mail.example.com"),
        _ => format!("buyer.{number}@localhost"),
    }
}

fn lines(kind: Kind, rng: &mut ChaCha8Rng) -> Vec<Line> {
    let count = match kind {
        Kind::NoLines => 0,
        Kind::OneLine => 1,
        Kind::Lines250 => 250,
        Kind::Lines600 => 600,
        Kind::OneBadLine | Kind::BadProductIds => rng.random_range(2..=4),
        _ => rng.random_range(1..=4),
    };
    let first = rng.random_range(0..CATALOGUE);
    let good = |product: u64| Line { product, code: Some(format!("SKU-{product:04}_{}", product % 7)), good: true };
    let bad = |n: u64, code: Option<&str>| Line { product: 10_000 + n, code: code.map(str::to_owned), good: false };
    let mut lines: Vec<Line> = if count > 100 {
        (2_000..2_000 + count).map(good).collect()
    } else {
        (first..first + count).map(|product| good(product % CATALOGUE)).collect()
    };
    match kind {
        Kind::NoValidProducts => lines = vec![bad(0, None), bad(1, Some("SKU 0001"))],
        Kind::OneBadLine => lines.insert(1, bad(0, None)),
        Kind::BadProductIds => {
            let codes = ["SKU 0001", "SKU/0002", "SKÜ-0003", "SKU.0004", "SKU-0005\u{7}"];
            lines.extend(codes.into_iter().zip(1..).map(|(code, n)| bad(n, Some(code))));
        }
        Kind::SameProductTwice => lines.push(good(first)),
        _ => {}
    }
    lines
}

fn item(kind: Kind, number: u64, n: u64, line: &Line, rng: &mut ChaCha8Rng) -> Value {
    let quantity = rng.random_range(1..=3_u32);
    let cents = rng.random_range(199..=25_000_u32);
    let name = match kind {
        Kind::ControlCharacters => format!("Tea\u{0}pot\u{1f} \u{fffe}No.\t{}\u{b}", line.product),
        Kind::NonAsciiName => format!("Théière “{}” ☕", line.product),
        _ => format!("Teapot No. {}", line.product),
    };
    let suffix = if matches!(kind, Kind::ControlCharacters | Kind::NonAsciiName) { number } else { 0 };
    json!({
        "Id": SfId::new("802", number * 1000 + n).as_str(),
        "Quantity": f64::from(quantity),
        "UnitPrice": f64::from(cents) / 100.0,
        "TotalPrice": f64::from(cents * quantity) / 100.0,
        // A product of its own where the name is special: those of the catalogue are shared.
        "Product2": {
            "Id": SfId::new("01t", suffix * 100_000 + line.product).as_str(),
            "Name": name,
            "ProductCode": line.code,
            "StockKeepingUnit": line.code,
            "Description": "It pours without dripping.",
            "DisplayUrl": format!("https://shop.example.com/p/{}", line.product),
            "IsActive": true,
        },
    })
}
