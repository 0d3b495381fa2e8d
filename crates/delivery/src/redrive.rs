//! What a person takes out of the dead-letter queue goes back by the protocol: the ledger reopens the delivery, the message is
//! sent, then its copy is deleted. After each of these steps the command may die: what it left is found again.

use crate::{
    Fate, Item,
    letter::{Letter, Plan, Rules},
};
use futures_util::future::try_join_all;
use ledger::{Delivery, Event, Ledger, Mark, Repair, Settled, Verdict};
use queue::{Entry, Queue};
use std::collections::BTreeSet;

/// One message to send again.
#[derive(Debug)]
pub struct Resend {
    /// What the ledger knows it by.
    pub delivery: Delivery,
    /// The message.
    pub entry: Entry,
    /// The delivery in whose place it goes, where it has a key of its own: one that was parked under no store, say.
    pub instead_of: Option<Delivery>,
}

/// Why a delivery is not sent any more in whose place another one was.
const RENAMED: &str = "sent under another name";

/// What a record asks for now, asked of the source.
#[derive(Debug)]
pub enum Anew {
    /// It can be sent.
    Send(Box<Resend>),
    /// By rule it is not sent, for this reason.
    Skip(&'static str),
    /// It still needs a person, for this reason.
    Park(&'static str),
    /// Its business day is not over yet: the producer will meet it.
    NotOver,
    /// The source has no such record any more.
    Gone,
}

impl From<Item> for Anew {
    fn from(item: Item) -> Self {
        match item.fate {
            Fate::Send(entry) => Self::Send(Box::new(Resend { delivery: item.delivery, entry, instead_of: None })),
            Fate::Skip(reason) => Self::Skip(reason),
            Fate::Park(reason, _) | Fate::GiveWay(reason, _) => Self::Park(reason),
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resent {
    /// It is in the flow's queue: its copies may go.
    Sent,
    /// It was reopened as often as is allowed: its copies stay.
    Limit,
    /// SQS will never take it, with its code: its copies stay.
    Refused(String),
    /// SQS did not take it now: its copies stay, and the next redrive sends it.
    Unsent,
}

/// What became of a decision that a version is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dismissal {
    /// The ledger says so, or knows the order as delivered, or a newer version: the copy may go.
    Settled,
    /// It is being delivered, or may be: the copy stays.
    UnderWay,
}

impl From<&Letter> for Option<Resend> {
    fn from(letter: &Letter) -> Self {
        let delivery = letter.delivery()?.clone();
        Some(Resend { delivery, entry: letter.entry(), instead_of: None })
    }
}

/// What puts copies back.
#[derive(Clone, Copy)]
pub struct Redrive<'a> {
    /// The flow's ledger.
    pub ledger: &'a Ledger,
    /// Its queue.
    pub queue: &'a Queue,
}

impl Redrive<'_> {
    /// Sends these again, each reopened first, at most `limit` times in its life; what became of each, in order. Their business
    /// days become due before: whoever dies in between has promised a look too many.
    ///
    /// # Errors
    /// When the ledger cannot be used: nothing was sent, and doing it again is safe.
    pub async fn resend(&self, messages: &[Resend], limit: u32) -> Result<Vec<Resent>, ledger::Error> {
        let days: BTreeSet<_> =
            messages.iter().filter_map(|it| Some((it.delivery.store.as_str(), it.delivery.day.as_deref()?))).collect();
        for (store, day) in days {
            self.ledger.mark_due(store, day, Mark::Sent).await?;
        }
        let reopened = try_join_all(messages.iter().map(|message| self.reopen(message, limit))).await?;
        let due: Vec<usize> = (0..messages.len()).filter(|index| reopened[*index]).collect();
        let entries: Vec<&Entry> = due.iter().map(|index| &messages[*index].entry).collect();
        let sent = self.queue.send(&entries, queue::PATIENCE).await;
        let mut resent: Vec<Resent> =
            reopened.iter().map(|yes| if *yes { Resent::Sent } else { Resent::Limit }).collect();
        for refused in sent.refused {
            resent[due[refused.index]] = Resent::Refused(refused.code);
        }
        for unsent in sent.unsent {
            resent[due[unsent]] = Resent::Unsent;
        }
        for (message, _) in messages.iter().zip(&resent).filter(|(_, resent)| **resent == Resent::Sent) {
            if let Some(old) = &message.instead_of {
                self.dismiss(old, RENAMED).await?;
            }
        }
        Ok(resent)
    }

    /// What has a key of its own needs no leave: its claim finds out whether it was sent before.
    async fn reopen(&self, message: &Resend, limit: u32) -> Result<bool, ledger::Error> {
        if message.instead_of.is_some() {
            return Ok(true);
        }
        let event = Event::Reopen { delivery: message.delivery.clone(), repair: Repair::Redrive, limit };
        Ok(self.ledger.put(&event).await? == Verdict::Recorded)
    }

    /// Writes down that a person has decided not to send this version. `reason` holds nothing personal: ledger and
    /// certificate say it.
    ///
    /// # Errors
    /// When the ledger cannot be used; doing it again is safe.
    pub async fn dismiss(&self, delivery: &Delivery, reason: &str) -> Result<Dismissal, ledger::Error> {
        let settled = Settled::Dismissed(reason.to_owned());
        let event = Event::Settle { delivery: delivery.clone(), settled };
        Ok(match self.ledger.put(&event).await? {
            Verdict::Recorded | Verdict::Done | Verdict::Superseded => Dismissal::Settled,
            Verdict::Call { .. } | Verdict::Held(_) | Verdict::Settling(_) | Verdict::Tried | Verdict::Conflict => {
                Dismissal::UnderWay
            }
        })
    }

    /// What is to be done with each of these, as the ledger stands now.
    ///
    /// # Errors
    /// When the ledger cannot be used.
    pub async fn plan(&self, letters: Vec<Letter>, rules: &Rules) -> Result<Vec<Planned>, ledger::Error> {
        let keys: std::collections::BTreeSet<_> =
            letters.iter().filter_map(|letter| Some(letter.delivery()?.key.clone())).collect();
        let records = self.ledger.read(&keys.into_iter().collect::<Vec<_>>()).await?;
        let planned = letters.into_iter().map(|letter| {
            let record = letter.delivery().and_then(|delivery| records.get(&delivery.key).cloned());
            // One that nobody can read has no policy, and needs none.
            let plan = letter.delivery().map_or(Plan::Unreadable, |delivery| {
                letter.plan(record.as_ref(), rules, self.ledger.flow().policies.of(&delivery.key))
            });
            Planned { letter, record, plan }
        });
        Ok(planned.collect())
    }
}

/// A copy, its record, and what is to be done with it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The copy.
    pub letter: Letter,
    /// Its record, if the ledger has one.
    pub record: Option<ledger::Record>,
    /// What is to be done.
    pub plan: Plan,
}
