//! Returns and cancellations become what Yotpo is asked to take back. Pure.

use crate::{
    keys,
    message::{self, CancellationAsked, ReturnAsked},
    money::MinorAmount,
    source::{
        fields::{Original, ReturnFields},
        item::{At, BadRow, Hold, Instead, Mapped, Mapping, Skip, revision, sent},
    },
};
use config::{BusinessDay, PriorOrders, StoreName};
use ledger::DeliveryKey;
use salesforce::{Id, Record};
use std::collections::{HashMap, HashSet};

/// What there is to know of orders that were completed before the start.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Those that were sent all the same, since somebody has asked for them.
    pub(crate) sent: HashSet<Id>,
    /// What those are worth that Yotpo has by an import.
    pub(crate) imported: HashMap<Id, MinorAmount>,
}

impl Mapping<'_> {
    /// The order that a return gives back.
    pub(crate) fn order_of(row: &Record, of: &Original) -> Option<Id> {
        Id::parse(&row.text(&of.id)?).ok()
    }

    /// The order that a row gives back, and its store, if it was completed before the start: it has to be asked about.
    pub(crate) fn is_earlier(&self, row: &Record, of: &Original) -> Result<Option<(Id, At<'_>)>, BadRow> {
        let Some((order, at)) = Self::order_of(row, of).zip(self.route(row, &of.routing)) else { return Ok(None) };
        let is = of.day(row, at.zone)?.is_some_and(|day| day < at.market.start);
        Ok(is.then_some((order, at)))
    }

    /// What becomes of a return.
    pub(crate) fn a_return(&self, row: &Record, fields: &ReturnFields, earlier: &Earlier) -> Result<Mapped, BadRow> {
        let (id, of, unrouted) = (row.id()?, &fields.of, StoreName::unrouted());
        let Some(order) = Self::order_of(row, of) else {
            let key = keys::refund(&unrouted, &id, id.as_str())?;
            return Ok(Instead::constant(key, &unrouted, self.counted(row)?).hold(Hold::NoOrder));
        };
        let Some(at) = self.route(row, &of.routing) else {
            let key = keys::refund(&unrouted, &order, id.as_str())?;
            return Ok(Instead::constant(key, &unrouted, self.counted(row)?).hold(Hold::UnknownStore));
        };
        let instead = |key: DeliveryKey, counted: BusinessDay| Instead::constant(key, at.name, counted);
        let (key, counted) = (keys::refund(at.name, &order, id.as_str())?, Self::written(row, at.zone)?);
        let imported = match self.before(row, of, earlier)? {
            Ok(imported) => imported,
            Err(why) => return Ok(why.of(instead(key, counted))),
        };
        let Some(currency) = self.currency(row, fields.currency.as_ref(), &at) else {
            return Ok(instead(key, counted).hold(Hold::NoCurrency));
        };
        let amount = match fields.worth.of(row, self.digits(), &currency) {
            Ok(amount) => MinorAmount { units: amount.units.abs(), ..amount },
            Err(_) => return Ok(instead(key, counted).hold(Hold::BadAmount)),
        };
        if amount.units == 0 {
            return Ok(instead(key, counted).skip(Skip::ZeroAmount));
        }
        let asked = ReturnAsked { order, refund: id.to_string(), amount, imported };
        Ok(Mapped::Item(sent(&message::a_return(at.name, asked)?, at.name, counted)?))
    }

    /// What becomes of a cancelled order: it takes what is left, whatever the ledger says of the order.
    pub(crate) fn cancellation(&self, row: &Record, earlier: &Earlier) -> Result<Mapped, BadRow> {
        let (order, of, unrouted) = (row.id()?, &self.fields.order.own, StoreName::unrouted());
        let Some(at) = self.route(row, &of.routing) else {
            let key = keys::cancellation(&unrouted, &order)?;
            return Ok(Instead::constant(key, &unrouted, self.counted(row)?).hold(Hold::UnknownStore));
        };
        let (key, counted) = (keys::cancellation(at.name, &order)?, Self::written(row, at.zone)?);
        let imported = match self.before(row, of, earlier)? {
            Ok(imported) => imported,
            Err(why) => return Ok(why.of(Instead::constant(key, at.name, counted))),
        };
        let asked = CancellationAsked { order, seen_at: revision(row)?, imported };
        Ok(Mapped::Item(sent(&message::cancellation(at.name, asked)?, at.name, counted)?))
    }

    fn counted(&self, row: &Record) -> Result<BusinessDay, BadRow> {
        Ok(Self::written(row, self.config.time_zone)?)
    }

    /// What the order was worth, if it is one of before the start that Yotpo has by an import; or why nothing is taken back.
    fn before(
        &self,
        row: &Record,
        of: &Original,
        earlier: &Earlier,
    ) -> Result<Result<Option<MinorAmount>, Why>, BadRow> {
        let Some((order, at)) = self.is_earlier(row, of)? else { return Ok(Ok(None)) };
        if self.history || earlier.sent.contains(&order) {
            return Ok(Ok(None));
        }
        Ok(match (at.market.history, earlier.imported.get(&order)) {
            (PriorOrders::None, _) => Err(Why::Skip(Skip::BeforeStart)),
            (PriorOrders::Imported, Some(amount)) if amount.units > 0 => Ok(Some(amount.clone())),
            (PriorOrders::Imported, Some(_)) => Err(Why::Skip(Skip::ZeroAmount)),
            (PriorOrders::Imported, None) => Err(Why::Hold(Hold::BadAmount)),
        })
    }
}

enum Why {
    Skip(Skip),
    Hold(Hold),
}

impl Why {
    fn of(self, instead: Instead<'_>) -> Mapped {
        match self {
            Self::Skip(skip) => instead.skip(skip),
            Self::Hold(hold) => instead.hold(hold),
        }
    }
}

#[cfg(test)]
#[path = "returns_tests.rs"]
mod tests;
