//! What becomes of a row of the source: an item with the name that the ledger knows it by, or nothing.

use crate::{
    message::{CONSTANT, Message, Unmade},
    source::fields::{Fields, Routing},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Currency, Loyalty, Market, Relay, StoreName, Zone};
use delivery::{Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, ErrorClass, Revision};
use org::stamp;
use queue::{Entry, body};
use salesforce::{BadField, Record};

/// Why something is not sent, by rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The buyer has no address.
    NoEmail,
    /// Yotpo would refuse the address.
    InvalidEmail,
    /// Nothing was paid, or is given back, of what counts.
    ZeroAmount,
    /// It, or the order that it gives back, is of a day before the start.
    BeforeStart,
    /// A lifecycle event of nobody.
    NoCustomer,
}

impl Skip {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::NoEmail, Self::InvalidEmail, Self::ZeroAmount, Self::BeforeStart, Self::NoCustomer];

    /// The reason as it is counted and recorded.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::InvalidEmail => "invalid_email",
            Self::ZeroAmount => "zero_amount",
            Self::BeforeStart => delivery::report::BEFORE_START,
            Self::NoCustomer => "no_customer",
        }
    }
}

/// Why a person has to look at something before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// No route leads from its store, locale and currency to a store.
    UnknownStore,
    /// It does not say when it was completed, or happened.
    NoCompletionDate,
    /// It says that it will be completed on a day that has not begun.
    FutureCompletionDate,
    /// Neither it nor its store says in which currency it is.
    NoCurrency,
    /// It has no amount that could be one, or an order a negative one.
    BadAmount,
    /// A return without an order.
    NoOrder,
}

impl Hold {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::UnknownStore,
        Self::NoCompletionDate,
        Self::FutureCompletionDate,
        Self::NoCurrency,
        Self::BadAmount,
        Self::NoOrder,
    ];

    /// The reason as it is counted and recorded.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownStore => "unknown_store",
            Self::NoCompletionDate => "no_completion_date",
            Self::FutureCompletionDate => "future_completion_date",
            Self::NoCurrency => "no_currency",
            Self::BadAmount => "bad_amount",
            Self::NoOrder => "no_order",
        }
    }

    fn class(self) -> ErrorClass {
        match self {
            Self::UnknownStore | Self::NoCurrency => ErrorClass::Misconfigured,
            _ => ErrorClass::BadRecord,
        }
    }
}

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// It is sent, or recorded.
    Item(Item),
    /// The same, if the ledger knows it: there is nothing to stop where nothing was sent.
    IfKnown(Item),
    /// Nothing: it is counted, with a store's day, and passed over for this reason.
    Outside(StoreName, BusinessDay, &'static str),
}

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    /// It lacks what every row has.
    #[error("a row of the query cannot be read: {0}")]
    Row(#[from] BadField),
    /// Its message cannot be written.
    #[error(transparent)]
    Message(#[from] Unmade),
    /// The body of its message cannot be written.
    #[error("a message cannot be written: {0}")]
    Body(#[from] serde_json::Error),
    /// Its id makes no delivery key.
    #[error(transparent)]
    Key(#[from] ledger::InvalidKey),
}

/// What mapping needs beside the row.
#[derive(Clone, Copy)]
pub(crate) struct Mapping<'a> {
    pub(crate) config: &'a Relay,
    pub(crate) ours: &'a Loyalty,
    pub(crate) fields: &'a Fields,
    pub(crate) now: DateTime<Utc>,
    /// Orders of before the start are sent too: somebody has asked for them.
    pub(crate) history: bool,
}

/// A store that a row is routed to.
pub(crate) struct At<'a> {
    pub(crate) name: &'a StoreName,
    pub(crate) market: &'a Market,
    pub(crate) zone: Zone,
}

impl<'a> Mapping<'a> {
    /// Where a row belongs.
    pub(crate) fn route(&self, row: &Record, by: &Routing) -> Option<At<'a>> {
        let text = |path: &Option<String>| path.as_ref().and_then(|path| row.text(path));
        let currency = text(&by.currency).and_then(|text| code(&text));
        let (name, _) = self.ours.route(text(&by.store).as_deref(), text(&by.locale).as_deref(), currency.as_ref())?;
        self.at(name)
    }

    /// A store of the settings.
    pub(crate) fn at(&self, name: &StoreName) -> Option<At<'a>> {
        let (name, market) = self.ours.stores.get_key_value(name)?;
        Some(At { name, market, zone: self.config.zone(name) })
    }

    /// The currency of a row: its own, even one that is none, is not the store's.
    pub(crate) fn currency(&self, row: &Record, path: Option<&String>, at: &At<'_>) -> Option<Currency> {
        match path.and_then(|path| row.text(path)) {
            Some(own) => code(&own),
            None => self.config.stores.get(at.name)?.currency.clone(),
        }
    }

    /// The day with which a row is counted that is of no order's day: when it was written last.
    pub(crate) fn written(row: &Record, zone: Zone) -> Result<BusinessDay, BadField> {
        Ok(BusinessDay::of(stamp(row)?, zone))
    }

    /// Today, by the org's time zone.
    pub(crate) fn today(&self) -> BusinessDay {
        BusinessDay::of(self.now, self.config.time_zone)
    }
}

fn code(text: &str) -> Option<Currency> {
    Currency::try_from(org::currency(text)?).ok()
}

/// The revision of a row: its `SystemModstamp` in milliseconds.
pub(crate) fn revision(row: &Record) -> Result<Revision, BadField> {
    Ok(Revision(stamp(row)?.timestamp_millis()))
}

/// A message on its way.
pub(crate) fn sent(message: &Message, store: &StoreName, day: BusinessDay) -> Result<Item, BadRow> {
    let fate = Fate::Send(Entry::new(body::json(message)?));
    Ok(Item { delivery: message.delivery.clone(), store: store.clone(), day, fate })
}

/// What is recorded instead of a message: `of` is the order's own day, where it is one.
pub(crate) struct Instead<'a> {
    pub(crate) key: DeliveryKey,
    pub(crate) revision: Revision,
    pub(crate) store: &'a StoreName,
    pub(crate) counted: BusinessDay,
    pub(crate) of: Option<BusinessDay>,
}

impl Instead<'_> {
    /// Of a return, a cancellation or a lifecycle event, which never change.
    pub(crate) fn constant(key: DeliveryKey, store: &StoreName, counted: BusinessDay) -> Instead<'_> {
        Instead { key, revision: CONSTANT, store, counted, of: None }
    }

    pub(crate) fn skip(self, skip: Skip) -> Mapped {
        let reason = skip.as_str();
        self.item(reason, Fate::Skip(reason))
    }

    /// Until a day that is to come, it is parked just below its own revision: who meets it when that day has come has a newer one in
    /// hand, which reopens what is parked.
    pub(crate) fn hold(self, hold: Hold) -> Mapped {
        let (reason, waits) = (hold.as_str(), hold == Hold::FutureCompletionDate);
        let revision = Revision(self.revision.0 - i64::from(waits));
        Self { revision, ..self }.item(reason, Fate::Park(reason, hold.class()))
    }

    fn item(self, reason: &str, fate: Fate) -> Mapped {
        let Self { key, revision, store, counted, of } = self;
        let delivery = Delivery {
            key,
            revision,
            hash: EffectHash::of(reason.as_bytes()),
            store: store.to_string(),
            day: of.map(|day| day.to_string()),
            triggered_at: None,
        };
        Mapped::Item(Item { delivery, store: store.clone(), day: counted, fate })
    }
}
