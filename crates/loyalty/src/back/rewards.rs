//! The rewards of those who were read: looked up, traced to the orders that used them, written.

use super::{
    people::Person,
    reading::{Glance, Subject, subject},
    reward::{KnownReward, Reward, RewardWrite, ambiguous, coupons, names, shows, taken_at},
    unwritten::{self, outcomes},
};
use crate::{
    hint::{Hint, RewardHint},
    outcome,
};
use chrono::{DateTime, Utc};
use config::{Loyalty, Relay, StoreName};
use delivery::{Claimed, InPlace, Undelivered};
use ledger::ErrorClass;
use salesforce::{Id, Record, Row, soql};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Codes that one query asks for; they may be long.
const CODES: usize = 100;
/// An event whose code the history does not show is looked at so often before a person decides.
const LOOKS: u32 = 6;

/// What rewards are written with.
pub(crate) struct Rewards<'a> {
    pub(crate) config: &'a Relay,
    pub(crate) loyalty: &'a Loyalty,
    pub(crate) salesforce: &'a salesforce::Client,
}

/// A reward to write, and the hints that it settles.
struct Found {
    reward: Reward,
    /// The record that orders name.
    person: Id,
    account: String,
    hints: Vec<usize>,
    /// The hints at its customer's state, which look again at what no event will.
    states: Vec<usize>,
}

impl Rewards<'_> {
    /// Writes every reward of whoever was looked at; a result for each hint at a reward, and for each hint at a state that has to look
    /// again.
    pub(crate) async fn write<'s>(
        &self,
        claimed: &[Claimed<'_, Hint>],
        looked: impl Fn(&Subject) -> Option<(&'s Glance, &'s Person)>,
    ) -> Vec<(usize, Result<InPlace, Undelivered>)> {
        let mut results = Vec::new();
        let mut found: Vec<Found> = Vec::new();
        let mut met = BTreeSet::new();
        let subjects: Vec<Subject> = claimed.iter().map(subject).collect();
        for of in subjects.iter().filter(|subject| met.insert(*subject)) {
            let Some((glance, person)) = looked(of) else { continue };
            let hints = || claimed.iter().enumerate().filter(|(place, _)| subjects[*place] == *of);
            let states = hints().filter(|(_, one)| matches!(one.message.payload, Hint::State { .. }));
            let states: Vec<usize> = states.map(|(place, _)| place).collect();
            let told = hints().filter_map(|(place, one)| match &one.message.payload {
                Hint::Reward(told) => Some((place, told)),
                Hint::State { .. } => None,
            });
            let (believed, doubted): (Vec<_>, Vec<_>) = told.partition(|(_, told)| shows(&glance.details, &told.code));
            results.extend(doubted.into_iter().map(|(place, _)| (place, Err(doubt(claimed[place].claim.attempt)))));
            let (shown, young) = rewards(&of.customer, glance, person, &believed, self.config.protocol.held_at_least);
            // Its event may be under way to another process this very moment, and would make a second row.
            let again = || Undelivered::Failed {
                class: ErrorClass::Conflict,
                may_land: false,
                floor: Some(self.config.protocol.held_at_least),
            };
            results.extend(states.iter().filter(|_| young).map(|place| (*place, Err(again()))));
            found.extend(shown.into_iter().map(|one| Found { states: states.clone(), ..one }));
        }
        if found.is_empty() {
            return results;
        }
        found.sort_by(|a, b| a.account.cmp(&b.account));
        match self.trace(&mut found).await {
            Ok(known) => {
                for (found, result) in self.save(&found, &known).await {
                    if let Err(again @ Undelivered::Failed { .. }) = &result {
                        results.extend(found.states.iter().map(|place| (*place, Err(again.clone()))));
                    }
                    results.extend(found.hints.iter().map(|place| {
                        let delivery = &claimed[*place].message.delivery;
                        let in_place = InPlace { revision: delivery.revision, hash: delivery.hash.clone() };
                        (*place, result.clone().map(|()| in_place))
                    }));
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the rewards could not be looked up");
                let hints = found.iter().flat_map(|found| found.hints.iter().chain(&found.states));
                results.extend(hints.map(|place| (*place, Err(unwritten::of_call(&error)))));
            }
        }
        results
    }

    /// What the org has of these, and the orders that used them.
    async fn trace(&self, found: &mut [Found]) -> Result<Vec<KnownReward>, salesforce::Error> {
        let codes: BTreeSet<String> = found.iter().map(|found| found.reward.code.clone()).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let fields = &self.loyalty.write_back.reward;
        let asked: BTreeSet<&str> = names(fields).into_iter().map(config::FieldPath::as_str).collect();
        let asked = asked.into_iter().collect::<Vec<_>>().join(", ");
        let mut known = Vec::new();
        for codes in codes.chunks(CODES) {
            let (object, code) = (fields.object.as_str(), fields.coupon_code.as_str());
            let query = format!("SELECT Id, {asked} FROM {object} WHERE {code} IN ({})", quoted(codes));
            let rows = self.salesforce.query_all(&query).await?;
            known.extend(rows.iter().filter_map(|row| KnownReward::of(row, fields)));
        }
        let orders = self.orders(&codes).await?;
        let rewards: Vec<Reward> = found.iter().map(|found| found.reward.clone()).collect();
        let unclear: BTreeSet<(String, String)> =
            ambiguous(&rewards, &known).into_iter().map(|(store, code)| (store.to_owned(), code.to_owned())).collect();
        for Found { reward, person, .. } in found {
            let code = (reward.store.to_string(), reward.code.clone());
            if !unclear.contains(&code) {
                reward.order = orders.get(&(person.clone(), reward.code.clone())).map(|(_, order)| order.clone());
            }
        }
        Ok(known)
    }

    /// The first completed order of each customer with each code.
    async fn orders(&self, codes: &[&str]) -> Result<BTreeMap<(Id, String), (DateTime<Utc>, Id)>, salesforce::Error> {
        let mut first = BTreeMap::new();
        let Some(code) = &self.loyalty.coupon_code else { return Ok(first) };
        let (of_order, org) = (&self.loyalty.customer.of_order, &self.config.salesforce);
        let asked: BTreeSet<&str> = of_order
            .iter()
            .map(config::FieldPath::as_str)
            .chain([code.as_str(), org.completed_at.as_str()])
            .filter(|field| *field != "Id")
            .collect();
        let asked = asked.into_iter().collect::<Vec<_>>().join(", ");
        let completed: Vec<String> =
            org.completed.iter().map(|clause| org::compare(clause.field.as_str(), clause)).collect();
        for codes in codes.chunks(CODES) {
            let condition = format!("{} IN ({}) AND {}", code.as_str(), quoted(codes), completed.join(" AND "));
            for row in self.salesforce.query_all(&format!("SELECT Id, {asked} FROM Order WHERE {condition}")).await? {
                let person =
                    of_order.iter().filter_map(|path| row.text(path.as_str())).find_map(|id| Id::parse(&id).ok());
                let at = completed_at(&row, org.completed_at.as_str());
                let (Some(person), Some(used), Some(at), Ok(id)) = (person, row.text(code.as_str()), at, row.id())
                else {
                    continue;
                };
                let order = (at, id);
                let known = first.entry((person, used.into_owned())).or_insert_with(|| order.clone());
                if order < *known {
                    *known = order;
                }
            }
        }
        Ok(first)
    }

    /// One call for the rows that there are, and one for those that there are not.
    async fn save<'f>(&self, found: &'f [Found], known: &[KnownReward]) -> Vec<(&'f Found, Result<(), Undelivered>)> {
        let fields = &self.loyalty.write_back.reward;
        let object = fields.object.as_str();
        let writes: Vec<RewardWrite> = found.iter().map(|found| found.reward.write(known, fields)).collect();
        // A reward stands only beside its coupon: one that could not be made is made when the reward is looked at again.
        let mut results = self.make_coupons(found, &writes).await;
        let (mut known_rows, mut new_rows) = (Vec::new(), Vec::new());
        for (write, _) in writes.iter().zip(&results).filter(|(_, coupon)| coupon.is_ok()) {
            match write {
                RewardWrite::Nothing => {}
                RewardWrite::Change(id, values) => known_rows.push(Row { key: id.clone(), values: values.clone() }),
                RewardWrite::Make(key, values) => new_rows.push(Row { key: key.clone(), values: values.clone() }),
            }
        }
        let mut updated = Vec::new();
        for rows in known_rows.chunks(salesforce::MOST_ROWS) {
            updated.extend(outcomes(rows.len(), self.salesforce.update(object, rows).await));
        }
        let mut upserted = Vec::new();
        for rows in new_rows.chunks(salesforce::MOST_ROWS) {
            let key = fields.redemption_id.as_str();
            upserted.extend(outcomes(rows.len(), self.salesforce.upsert(object, key, rows).await));
        }
        let (mut updated, mut upserted) = (updated.into_iter(), upserted.into_iter());
        for (write, result) in writes.iter().zip(&mut results).filter(|(_, coupon)| coupon.is_ok()) {
            let written = match write {
                RewardWrite::Nothing => None,
                RewardWrite::Change(..) => updated.next(),
                RewardWrite::Make(..) => upserted.next(),
            };
            *result = written.unwrap_or(Ok(()));
        }
        found.iter().zip(results).collect()
    }

    /// A coupon of the configured promotion for each reward that is new, where the org has coupons.
    /// <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_coupon.htm>
    async fn make_coupons(&self, found: &[Found], writes: &[RewardWrite]) -> Vec<Result<(), Undelivered>> {
        let mut results = vec![Ok(()); found.len()];
        let Some(promotion) = &self.loyalty.write_back.coupon_promotion else { return results };
        let is_new = |place: &usize| matches!(writes[*place], RewardWrite::Make(..));
        // No two rows of a collection may have one key.
        let places: BTreeMap<&str, usize> =
            (0..found.len()).filter(is_new).map(|place| (found[place].reward.code.as_str(), place)).collect();
        let rows: Vec<Row<String>> = places
            .keys()
            .map(|code| Row {
                key: (*code).to_owned(),
                values: [("PromotionId", promotion.as_str()), ("Status", "Active")]
                    .map(|(field, value)| (field.to_owned(), value.into()))
                    .into(),
            })
            .collect();
        let mut made = Vec::new();
        for rows in rows.chunks(salesforce::MOST_ROWS) {
            made.extend(outcomes(rows.len(), self.salesforce.upsert("Coupon", "CouponCode", rows).await));
        }
        for (place, result) in places.into_values().zip(made) {
            results[place] = result;
        }
        results
    }
}

/// The rewards that a customer's history shows, those first of which events have told; and whether there are others that are younger than
/// this, which are left to their events for now.
fn rewards(
    customer: &str,
    glance: &Glance,
    person: &Person,
    told: &[(usize, &RewardHint)],
    grace: Duration,
) -> (Vec<Found>, bool) {
    let shown = coupons(&glance.details);
    let is_young = |code: &str| taken_at(&glance.details, code).is_some_and(|at| glance.read_at < at + grace);
    let reward = |code: &str, points, told| Reward {
        store: StoreName::clone(&glance.store),
        customer: customer.to_owned(),
        contact: person.contact.clone(),
        code: code.to_owned(),
        points,
        told,
        order: None,
    };
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for (place, hint) in told {
        let points = shown.get(hint.code.as_str()).copied().flatten().or(hint.points);
        let told = Some((hint.redemption.clone(), hint.option.clone()));
        let new = || Found {
            reward: reward(&hint.code, points, told),
            person: person.id.clone(),
            account: person.account.clone(),
            hints: vec![],
            states: vec![],
        };
        found.entry(&hint.redemption).or_insert_with(new).hints.push(*place);
    }
    let codes: BTreeSet<&str> = told.iter().map(|(_, hint)| hint.code.as_str()).collect();
    let untold = shown.iter().filter(|(code, _)| !codes.contains(*code));
    let (young, untold): (Vec<_>, Vec<_>) = untold.partition(|(code, _)| is_young(code));
    let untold = untold.into_iter().map(|(code, points)| Found {
        reward: reward(code, *points, None),
        person: person.id.clone(),
        account: person.account.clone(),
        hints: vec![],
        states: vec![],
    });
    (found.into_values().chain(untold).collect(), !young.is_empty())
}

/// What an event says, and the history does not show: looked at again, for the history may come later; then a person decides.
fn doubt(attempt: u32) -> Undelivered {
    if attempt < LOOKS {
        return Undelivered::Failed { class: ErrorClass::Conflict, may_land: false, floor: None };
    }
    let error = "an event tells of a reward whose code the customer's history does not show";
    outcome::parked(ErrorClass::BadRecord, "unproven_reward", error)
}

/// An instant, or the beginning of a day.
fn completed_at(row: &Record, path: &str) -> Option<DateTime<Utc>> {
    let day = || row.date(path).ok().flatten().map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
    row.datetime(path).ok().flatten().or_else(day)
}

fn quoted(codes: &[&str]) -> String {
    codes.iter().map(|code| soql::quote(code)).collect::<Vec<_>>().join(", ")
}
