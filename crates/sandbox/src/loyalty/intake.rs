//! What comes in: customers, orders, refunds, actions. <https://loyaltyapi.yotpo.com/reference/createupdate-customer-records>,
//! <https://loyaltyapi.yotpo.com/reference/create-order>, <https://loyaltyapi.yotpo.com/reference/create-refund>,
//! <https://loyaltyapi.yotpo.com/reference/record-a-customer-action>

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::account::Account;
use super::earning::Earning;
use super::error::Refused;
use super::member::Member;
use super::refund::Waiting;
use super::sale::Booked;
use super::settings::{Repeats, Settings};

/// Creates or changes a customer.
pub(super) fn customer(account: &mut Account, _: &Settings, body: &Value, now: DateTime<Utc>) -> Result<(), Refused> {
    let email = required(body, "email")?;
    let id = text(body, "id");
    let known = id.as_deref().and_then(|id| account.by_id(id));
    let of_email = account.by_email(&email);
    if known.is_some() && of_email.is_some_and(|other| Some(other) != known) {
        return Err(Refused::unprocessable("Email has already been taken"));
    }
    let number = known.or(of_email).unwrap_or_else(|| {
        let member = Member { email: email.clone(), ..Member::default() };
        account.add(member, now)
    });
    let Some(member) = account.members.get_mut(&number) else { return Ok(()) };
    member.email = email;
    if let Some(id) = id {
        let other = member.id.replace(id.clone());
        member.takeovers += u64::from(other.is_some_and(|other| other != id));
    }
    for (field, to) in [("first_name", &mut member.first_name), ("last_name", &mut member.last_name)] {
        *to = text(body, field).or_else(|| to.take());
    }
    member.phone = text(body, "phone_number").or_else(|| member.phone.take());
    member.tags = text(body, "tags").or_else(|| member.tags.take());
    if let Some(opt_in) = boolean(body, "opt_in") {
        member.opted_in_at = opt_in.then(|| instant(body, "opted_in_at").unwrap_or(now));
        member.opt_in = Some(opt_in);
    }
    Ok(())
}

/// Records an order, and awards what it is worth.
pub(super) fn order(
    account: &mut Account,
    settings: &Settings,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let (email, order_id) = (required(body, "customer_email")?, required(body, "order_id")?);
    let amount = integer(body, "total_amount_cents")?;
    let currency = text(body, "currency_code");
    let number = buyer(account, settings, &email, text(body, "customer_id").as_deref(), now);
    let status = text(body, "status").unwrap_or_default();
    let opted_in = account.members.get(&number).and_then(|member| member.opt_in).unwrap_or(false);
    let earns = account.program.statuses.contains(&status) && (opted_in || !account.program.members_only);
    let coupon = text(body, "coupon_code");
    match account.sales.get_mut(&order_id) {
        None => {
            let created_at = instant(body, "created_at").unwrap_or(now);
            let sale = Booked {
                member: number,
                amount,
                currency,
                created_at,
                earns,
                refunded: 0,
                points: 0,
                posted: 1,
                effects: 1,
                coupon: coupon.clone(),
            };
            account.sales.insert(order_id.clone(), sale);
        }
        Some(sale) => {
            sale.posted += 1;
            match settings.repeated_order {
                Repeats::Ignored => return Ok(()),
                Repeats::Replace => (sale.amount, sale.earns) = (amount, earns),
                Repeats::CountAgain => sale.effects += 1,
            }
        }
    }
    account.award(&order_id, "Order", now);
    if let Some(code) = coupon {
        use_coupon(account, number, &code, &order_id, now);
    }
    Ok(())
}

/// Takes a refund, to work on it later.
pub(super) fn refund(
    account: &mut Account,
    settings: &Settings,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let amount = integer(body, "total_amount_cents")?;
    let due = now + TimeDelta::milliseconds(settings.refund_after_ms);
    let refund = Waiting {
        due,
        id: text(body, "id"),
        order_id: required(body, "order_id")?,
        amount,
        currency: text(body, "currency"),
    };
    account.waiting.push(refund);
    account.work(settings, now);
    Ok(())
}

/// Records an action. A name that no campaign has is answered 200, and awards nothing.
pub(super) fn action(account: &mut Account, _: &Settings, body: &Value, now: DateTime<Utc>) -> Result<(), Refused> {
    let name = required(body, "action_name")?;
    let by_id = text(body, "customer_id").and_then(|id| account.by_id(&id));
    let number = by_id.or_else(|| text(body, "customer_email").and_then(|email| account.by_email(&email)));
    let number = number.ok_or_else(Refused::no_customer)?;
    if let Some(points) = account.program.actions.get(&name).copied() {
        let at = instant(body, "created_at").unwrap_or(now);
        let title = text(body, "history_title").unwrap_or(name);
        account.add_line(number, Earning::earned(at, at, title, points), now);
    }
    Ok(())
}

/// The customer that an order counts for, new if need be.
fn buyer(account: &mut Account, settings: &Settings, email: &str, id: Option<&str>, now: DateTime<Utc>) -> u64 {
    let of_email = account.by_email(email);
    if let Some(number) = id.and_then(|id| account.by_id(id)) {
        if of_email.is_none()
            && settings.address_follows_order
            && let Some(member) = account.members.get_mut(&number)
        {
            email.clone_into(&mut member.email);
        }
        return number;
    }
    let Some(number) = of_email else {
        let member = Member { id: id.map(str::to_owned), email: email.to_owned(), ..Member::default() };
        return account.add(member, now);
    };
    if let (Some(member), Some(id)) = (account.members.get_mut(&number), id) {
        let other = member.id.get_or_insert_with(|| id.to_owned());
        member.takeovers += u64::from(other != id);
    }
    number
}

/// The first order with a coupon uses it; points that were to go then go now.
fn use_coupon(account: &mut Account, number: u64, code: &str, order_id: &str, now: DateTime<Utc>) {
    let unused = account.redemptions.iter_mut().find(|one| one.code == code && one.used_by.is_none());
    let Some(redemption) = unused else { return };
    redemption.used_by = Some(order_id.to_owned());
    if !std::mem::replace(&mut redemption.deducted, true) {
        let line = Earning::spent(now, redemption.option.1.clone(), redemption.points, code);
        account.add_line(number, line, now);
    }
}

/// Text or a number.
pub(super) fn text(body: &Value, field: &str) -> Option<String> {
    match &body[field] {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn required(body: &Value, field: &str) -> Result<String, Refused> {
    text(body, field).ok_or_else(|| Refused::unprocessable(format!("{field} can't be blank")))
}

/// A number, in quotes or not: the documentation has both.
fn integer(body: &Value, field: &str) -> Result<i64, Refused> {
    let number = required(body, field)?.parse();
    number.map_err(|_| Refused::unprocessable(format!("{field} is not a number")))
}

fn boolean(body: &Value, field: &str) -> Option<bool> {
    body[field].as_bool().or_else(|| body[field].as_str()?.parse().ok())
}

fn instant(body: &Value, field: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(body[field].as_str()?).ok()?.to_utc())
}
