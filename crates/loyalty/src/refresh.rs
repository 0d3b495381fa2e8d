//! The write-back: what Yotpo shows of customers goes to the org, for up to 200 hints by one look-up and one collection of each kind.
//! A Contact or Account is written by its record's id and never upserted: that would make a person of one who was deleted or merged.

use crate::{
    back::{
        people::{NotFound, People, Person},
        reading::{Glance, Glances, Subject, read, subject},
        rewards::Rewards,
        standing::{Standing, Targets},
        unwritten::{self, NO_CONTACT, outcomes},
    },
    clients::LoyaltyClients,
    hint::Hint,
    outcome,
};
use chrono::{DateTime, Utc};
use config::{Loyalty, Relay, StoreName};
use delivery::{Claimed, InPlace, Undelivered, Worker};
use function::batch::Consumed;
use ledger::{EffectHash, ErrorClass, Millis, Revision};
use salesforce::{Id, Row};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use telemetry::Metrics;

/// Calls to the org that follow the last reading, as a rule.
const STEPS: u32 = 4;

/// What the write-back works with; built once at cold start.
pub struct Refresher {
    /// The configuration.
    pub config: Arc<Relay>,
    /// Its part that is the flow's.
    pub loyalty: Arc<Loyalty>,
    /// The stores' clients.
    pub clients: LoyaltyClients,
    /// The org.
    pub salesforce: salesforce::Client,
    /// Claims, and writes down what became of them.
    pub worker: Worker,
}

/// Whose record each customer's is, or why there is none.
type Persons = BTreeMap<Subject, Result<Person, Undelivered>>;

/// What is to be written of one hint at a customer's state.
struct Wanted {
    /// The hint's place in the batch.
    place: usize,
    hash: EffectHash,
    read_at: DateTime<Utc>,
    person: Option<Row<Id>>,
    account: String,
    membership: Option<Row<String>>,
}

impl Refresher {
    /// Handles a batch until `deadline`; the answer names the messages that are to come back.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume(&self, event: queue::Event, deadline: DateTime<Utc>, metrics: Metrics) -> Consumed {
        let refresh = async |claimed: &[Claimed<'_, Hint>]| self.refresh(claimed).await;
        self.worker.consume_together(event, deadline, metrics, STEPS, refresh).await
    }

    /// A result for each hint, in their order.
    async fn refresh(&self, claimed: &[Claimed<'_, Hint>]) -> Vec<Result<InPlace, Undelivered>> {
        let glances = read(&self.clients, &self.worker, claimed).await;
        let persons = self.persons(&glances).await;
        let mut results: BTreeMap<usize, Result<InPlace, Undelivered>> = BTreeMap::new();
        let mut wanted = Vec::new();
        for (place, one) in claimed.iter().enumerate() {
            let subject = subject(one);
            match seen(&glances, &persons, &subject) {
                Err(undelivered) => {
                    results.insert(place, Err(undelivered));
                }
                Ok((glance, person)) if matches!(one.message.payload, Hint::State { .. }) => {
                    match self.wanted(place, one, glance, person) {
                        Ok(state) => wanted.push(state),
                        Err(undelivered) => {
                            results.insert(place, Err(undelivered));
                        }
                    }
                }
                Ok(_) => {}
            }
        }
        results.extend(self.write_states(claimed, wanted).await);
        let rewards = Rewards { config: &self.config, loyalty: &self.loyalty, salesforce: &self.salesforce };
        let looked = |subject: &Subject| seen(&glances, &persons, subject).ok();
        results.extend(rewards.write(claimed, looked).await);
        let spared = || Err(Undelivered::Spared { class: ErrorClass::Internal, floor: None });
        (0..claimed.len()).map(|place| results.remove(&place).unwrap_or_else(spared)).collect()
    }

    /// One look-up for all that were read.
    async fn persons(&self, glances: &Glances) -> Persons {
        let subjects = || glances.iter().filter(|(_, glance)| glance.is_ok()).map(|(subject, _)| subject);
        let customers: BTreeSet<&str> = subjects().map(|subject| subject.customer.as_str()).collect();
        if customers.is_empty() {
            return Persons::new();
        }
        let people = People { config: &self.config, loyalty: &self.loyalty };
        let found = people.find(&self.salesforce, &customers).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the look-up failed");
            not_found(&error)
        });
        let person = |subject: &Subject| {
            let found = found.as_ref().map_err(Clone::clone)?;
            match found.get(&subject.customer).map(Vec::as_slice) {
                None | Some([]) => Err(Undelivered::Skipped(NO_CONTACT.to_owned())),
                Some([one]) => Ok(one.clone()),
                Some(_) => {
                    let error = "several records of the org have this customer's id";
                    Err(outcome::parked(ErrorClass::Conflict, "several_contacts", error))
                }
            }
        };
        subjects().map(|subject| (subject.clone(), person(subject))).collect()
    }

    /// What is to be written; nothing where it is what was last written.
    fn wanted(
        &self,
        place: usize,
        one: &Claimed<'_, Hint>,
        glance: &Glance,
        person: &Person,
    ) -> Result<Wanted, Undelivered> {
        let zone = self.config.stores.get(&glance.store).map_or(self.config.time_zone, |store| store.time_zone);
        let customer = one.message.payload.customer();
        let standing = Standing::of(customer, &glance.details, zone);
        let own = person.store.as_ref() == Some(&glance.store);
        let targets = Targets { person: own, membership: self.loyalty.stores.len() > 1 };
        let hash = standing.hash(targets).map_err(|error| outcome::internal(&error))?;
        let drifted = matches!(one.message.payload, Hint::State { differs: true, .. });
        let changed = drifted || one.claim.applied.as_ref() != Some(&hash);
        let values = standing.values(&self.loyalty.write_back, glance.read_at);
        let membership = (changed && targets.membership).then(|| {
            let fields = &self.loyalty.write_back.membership;
            let mut values = values.clone();
            values.insert(fields.contact.as_str().to_owned(), person.contact.as_str().into());
            values.insert(fields.store.as_str().to_owned(), glance.store.as_str().into());
            Row { key: membership_key(&glance.store, customer), values }
        });
        let row = (changed && own).then(|| Row { key: person.id.clone(), values });
        let account = person.account.clone();
        Ok(Wanted { place, hash, read_at: glance.read_at, person: row, account, membership })
    }

    /// Rows of one account stand together: each locks it.
    async fn write_states(
        &self,
        claimed: &[Claimed<'_, Hint>],
        mut wanted: Vec<Wanted>,
    ) -> Vec<(usize, Result<InPlace, Undelivered>)> {
        wanted.sort_by(|a, b| a.account.cmp(&b.account));
        let people: Vec<Row<Id>> = wanted.iter().filter_map(|one| one.person.clone()).collect();
        let object = self.loyalty.customer.object.as_str();
        let mut people = outcomes(people.len(), self.salesforce.update(object, &people).await);
        let fields = &self.loyalty.write_back.membership;
        let memberships: Vec<Row<String>> = wanted.iter().filter_map(|one| one.membership.clone()).collect();
        let upserted = self.salesforce.upsert(fields.object.as_str(), fields.key.as_str(), &memberships).await;
        let mut memberships = outcomes(memberships.len(), upserted);
        let mut results = Vec::new();
        for one in wanted {
            // Each row's outcome is taken, whatever became of the other.
            let person = one.person.and_then(|_| people.next()).unwrap_or(Ok(()));
            let membership = one.membership.and_then(|_| memberships.next()).unwrap_or(Ok(()));
            let revision = Revision(Millis::from(one.read_at).0).max(claimed[one.place].message.delivery.revision);
            let in_place = InPlace { revision, hash: one.hash };
            results.push((one.place, person.and(membership).map(|()| in_place)));
        }
        results
    }
}

/// What was read of a customer and whose record it is.
fn seen<'a>(
    glances: &'a Glances,
    persons: &'a Persons,
    subject: &Subject,
) -> Result<(&'a Glance, &'a Person), Undelivered> {
    let spared = || Undelivered::Spared { class: ErrorClass::Internal, floor: None };
    let glance = glances.get(subject).ok_or_else(spared)?.as_ref().map_err(Clone::clone)?;
    let person = persons.get(subject).ok_or_else(spared)?.as_ref().map_err(Clone::clone)?;
    Ok((glance, person))
}

/// `{store}:{customer id}`, the membership's external id.
fn membership_key(store: &StoreName, customer: &str) -> String {
    format!("{store}:{customer}")
}

pub(crate) fn not_found(error: &NotFound) -> Undelivered {
    match error {
        NotFound::Salesforce(error) => unwritten::of_call(error),
        NotFound::Field(_) => Undelivered::Failed { class: ErrorClass::Misconfigured, may_land: false, floor: None },
    }
}
