//! Yotpo Loyalty from inside the process.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};

use super::account::Account;
use super::earning::Earning;
use super::event::{Mischief, Sending};
use super::member::Member;
use super::program::Program;
use super::redemption::Redemption;
use super::refund::LostRefund;
use super::routes::routes;
use super::settings::Settings;
use super::truth::{Sale, Standing, Sums};
use super::world::World;
use crate::call::Host;
use crate::controls::Controls;

/// Reads and changes the accounts; cheap to clone. Every method takes effect at once; an account that is named is opened if there is
/// none.
#[derive(Clone)]
pub struct Loyalty {
    host: Arc<Host<World>>,
    base_url: Arc<str>,
}

impl Loyalty {
    pub(crate) fn new(base_url: Arc<str>, controls: Arc<Controls>) -> Self {
        Self { host: Arc::new(Host::new(World::default(), controls)), base_url }
    }

    pub(crate) fn routes(&self) -> Router {
        routes().with_state(Arc::clone(&self.host))
    }

    /// Adds to the content of the secret `{stack}/yotpo` what these stores log in with, by store and guid; `{}` is a beginning.
    pub fn add_to_secret(&self, mut secret: Value, stores: &[(&str, &str)]) -> Value {
        secret["loyalty_url"] = json!(&*self.base_url);
        for (store, guid) in stores {
            self.account(guid, |account| {
                let entry = &mut secret["stores"][*store];
                entry["loyalty_guid"] = json!(guid);
                entry["loyalty_api_key"] = json!(account.api_key);
                entry["webhook_token"] = json!(account.webhook_token);
            });
        }
        secret
    }

    /// Changes the rules of an account: `loyalty.program("guid", |program| program.points_per_unit = 10)`.
    pub fn program(&self, guid: &str, change: impl FnOnce(&mut Program)) {
        self.account(guid, |account| change(&mut account.program));
    }

    /// Changes settings: `loyalty.set(|settings| settings.per_second = Some(10))`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.host.lock().settings);
    }

    /// The account gets another key.
    pub fn rotate_key(&self, guid: &str, key: &str) {
        self.account(guid, |account| key.clone_into(&mut account.api_key));
    }

    /// A customer comes by another way than ours, with or without an id of the shop's.
    pub fn enrol(&self, guid: &str, id: Option<&str>, email: &str, opt_in: Option<bool>) {
        let now = self.host.controls.now();
        let member = Member { id: id.map(str::to_owned), email: email.to_owned(), opt_in, ..Member::default() };
        self.account(guid, |account| account.add(member, now));
    }

    /// A customer opts in or out at Yotpo.
    pub fn opt(&self, guid: &str, id: &str, opt_in: bool) {
        self.of(guid, id, |account, number| {
            if let Some(member) = account.members.get_mut(&number) {
                member.opt_in = Some(opt_in);
            }
        });
    }

    /// The merchant corrects a balance by hand.
    pub fn adjust(&self, guid: &str, id: &str, points: i64, title: &str) {
        let now = self.host.controls.now();
        self.of(guid, id, |account, number| {
            let line = Earning { earned: false, ..Earning::earned(now, now, title.to_owned(), points) };
            account.add_line(number, line, now);
        });
    }

    /// *Anonymize*, as the admin has it: the customer is nobody any more.
    pub fn anonymize(&self, guid: &str, id: &str) {
        self.of(guid, id, |account, number| {
            if let Some(member) = account.members.get_mut(&number) {
                *member = Member { history: std::mem::take(&mut member.history), ..Member::default() };
            }
        });
    }

    /// A customer takes a reward of so many points: `None` where there is no such customer. An event tells of it.
    pub fn redeem(&self, guid: &str, id: &str, option: (u64, &str), points: i64) -> Option<Redemption> {
        let now = self.host.controls.now();
        let mut world = self.host.lock();
        world.redeemed += 1;
        let (number, delayed) = (world.redeemed, world.settings.delay_points_deduction);
        let account = world.open(guid);
        let member = account.by_id(id)?;
        let redemption = Redemption {
            id: number,
            member,
            code: format!("REWARD-{number:06}"),
            option: (option.0, option.1.to_owned()),
            points,
            at: now,
            deducted: !delayed,
            used_by: None,
        };
        if !delayed {
            account.add_line(member, Earning::spent(now, option.1.to_owned(), points, &redemption.code), now);
        }
        account.redemptions.push(redemption.clone());
        let more = json!({
            "redemption": {"id": redemption.id, "created_at": now, "reward_text": redemption.code, "approved": true},
            "redemption_option": {"id": option.0, "name": option.1, "amount": points},
        });
        account.tell(member, "swell/redemption/created", now, &more);
        Some(redemption)
    }

    /// The rewards of an account, in the order in which they were taken, each with its customer's id.
    pub fn redemptions(&self, guid: &str) -> Vec<(Option<String>, Redemption)> {
        let id = |account: &Account, one: &Redemption| account.members.get(&one.member)?.id.clone();
        self.account(guid, |account| account.redemptions.iter().map(|one| (id(account, one), one.clone())).collect())
    }

    /// What there is to tell since this was last asked, of all accounts, with what goes wrong on the way.
    pub fn events(&self, mischief: &Mischief) -> Vec<Sending> {
        let mut world = self.host.lock();
        mischief.plan(world.accounts.values_mut().flat_map(|account| std::mem::take(&mut account.events)).collect())
    }

    /// The unguessable part of the address that an account's events go to.
    pub fn webhook_token(&self, guid: &str) -> String {
        self.account(guid, |account| account.webhook_token.clone())
    }

    /// Every customer of every account, refunds that are due worked on.
    pub fn standings(&self) -> Vec<Standing> {
        self.worked().accounts.values().flat_map(Account::standings).collect()
    }

    /// One customer of an account.
    pub fn standing(&self, guid: &str, id: &str) -> Option<Standing> {
        self.standings().into_iter().find(|one| one.guid == guid && one.id.as_deref() == Some(id))
    }

    /// Every order of every account, refunds that are due worked on.
    pub fn sales(&self) -> Vec<Sale> {
        self.worked().accounts.values().flat_map(Account::booked).collect()
    }

    /// Refunds that were answered 200 and took nothing back, by account.
    pub fn lost(&self) -> BTreeMap<String, Vec<LostRefund>> {
        let lost = |account: &Account| (account.guid.clone(), account.lost.clone());
        self.worked().accounts.values().map(lost).collect()
    }

    /// Every account in numbers: cheap, for a progress display.
    pub fn sums(&self) -> BTreeMap<String, Sums> {
        self.host.lock().accounts.values().map(|account| (account.guid.clone(), account.sums())).collect()
    }

    fn worked(&self) -> std::sync::MutexGuard<'_, World> {
        let now = self.host.controls.now();
        let mut world = self.host.lock();
        let World { accounts, settings, .. } = &mut *world;
        for account in accounts.values_mut() {
            account.work(settings, now);
        }
        world
    }

    fn account<T>(&self, guid: &str, change: impl FnOnce(&mut Account) -> T) -> T {
        change(self.host.lock().open(guid))
    }

    fn of(&self, guid: &str, id: &str, change: impl FnOnce(&mut Account, u64)) {
        self.account(guid, |account| {
            if let Some(number) = account.by_id(id) {
                change(account, number);
            }
        });
    }
}
