//! What Yotpo shows. <https://loyaltyapi.yotpo.com/reference/fetch-customer-details>

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::earning::Earning;
use super::member::Member;
use super::program::{Program, Tier};
use super::tier::ends;

/// What a customer has bought.
#[derive(Clone, Copy, Default)]
pub(super) struct Bought {
    pub(super) orders: usize,
    /// What was taken back left out.
    pub(super) spent: i64,
}

/// A customer as it is read.
pub(super) fn customer(member: &Member, bought: Bought, program: &Program, with_history: bool) -> Value {
    let tier = member.tier.and_then(|(place, _)| program.tiers.get(place));
    let ends = member.tier.and_then(|(_, entered)| ends(program.term, entered));
    let mut shown = json!({
        "thirty_party_id": member.id,
        "third_party_id": member.id,
        "email": member.email,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "phone_number": member.phone,
        "points_balance": member.balance(),
        "points_earned": member.earned(DateTime::<Utc>::MIN_UTC),
        "total_spend_cents": bought.spent,
        "total_purchases": bought.orders,
        "opt_in": member.opt_in,
        "opted_in_at": member.opted_in_at.map(stamp),
        "vip_tier_name": tier.map(|tier| &tier.name),
        "vip_tier_entry_date": member.tier.map(|(_, entered)| entered.date_naive()),
        "vip_tier_expiration": ends,
        "referral_link": {"link": format!("https://shop.example.com/?sref={}", code(member)), "code": code(member), "expired": false},
    });
    if with_history {
        shown["history_items"] = member.history.iter().map(line).collect();
    }
    shown
}

pub(super) fn tier(tier: &Tier) -> Value {
    json!({"name": tier.name, "points_earned": tier.points})
}

/// The customer, what is about it, and the topic.
pub(super) fn event(topic: &str, member: &Member, bought: Bought, program: &Program, more: &Value) -> Value {
    let mut body = json!({"topic": topic, "email": member.email, "customer": customer(member, bought, program, false)});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn line(line: &Earning) -> Value {
    json!({
        "created_at": stamp(line.at), "date": line.at.date_naive(), "action": line.title, "points": line.points,
        "status": line.status,
    })
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What a customer gives to friends; of no meaning here.
fn code(member: &Member) -> String {
    member.id.as_deref().unwrap_or("guest").chars().rev().take(6).collect()
}
