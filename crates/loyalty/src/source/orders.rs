//! A completed order becomes what Yotpo is asked for. Pure.

use crate::{
    keys,
    message::{self, GoodsAsked, OrderAsked, OrderCustomer},
    money::{Digits, MinorAmount},
    source::{
        customers::address,
        item::{At, BadRow, Hold, Instead, Mapped, Mapping, Skip, revision, sent},
        person::Person,
    },
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use delivery::report::BEFORE_START;
use org::{Completed, LINES, clean};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};
use salesforce::{BadField, Id, Record};
use std::collections::HashMap;

impl Mapping<'_> {
    /// The record of an order's customer: the first of the configured fields that has one.
    pub(crate) fn customer_of(&self, row: &Record) -> Option<Id> {
        self.fields.order.customer.iter().find_map(|path| Id::parse(&row.text(path)?).ok())
    }

    /// What becomes of an order; `people`: the customers of its page.
    pub(crate) fn order(&self, row: &Record, people: &HashMap<Id, Person>) -> Result<Mapped, BadRow> {
        let (order, revision, own) = (row.id()?, revision(row)?, &self.fields.order.own);
        let Some(at) = self.route(row, &own.routing) else {
            let unrouted = StoreName::unrouted();
            let of = own.day(row, self.config.time_zone)?;
            let (key, counted) = (keys::order(&unrouted, &order)?, of.unwrap_or(self.today()));
            return Ok(Instead { key, revision, store: &unrouted, counted, of }.hold(Hold::UnknownStore));
        };
        let of = own.day(row, at.zone)?;
        let today = BusinessDay::of(self.now, at.zone);
        let key = keys::order(at.name, &order)?;
        let instead = Instead { key, revision, store: at.name, counted: of.unwrap_or(today), of };
        let Some(day) = of else { return Ok(instead.hold(Hold::NoCompletionDate)) };
        if day > today {
            return Ok(Instead { counted: today, ..instead }.hold(Hold::FutureCompletionDate));
        }
        if day < at.market.start && !self.history {
            return Ok(Mapped::Outside(at.name.clone(), day, BEFORE_START));
        }
        let amount = match self.worth_of(row, &at) {
            Ok(amount) if amount.units > 0 => amount,
            Ok(amount) if amount.units == 0 => return Ok(instead.skip(Skip::ZeroAmount)),
            Ok(_) => return Ok(instead.hold(Hold::BadAmount)),
            Err(hold) => return Ok(instead.hold(hold)),
        };
        let (email, customer) = match self.buyer(row, at.name, people) {
            Ok(buyer) => buyer,
            Err(skip) => return Ok(instead.skip(skip)),
        };
        let asked = OrderAsked {
            items: self.goods(row, &amount),
            order,
            amount,
            completed_at: self.completed_at(row, &at, day)?,
            email,
            customer,
            coupon_code: text(row, self.fields.order.coupon.as_ref()),
            ip_address: text(row, self.fields.order.ip_address.as_ref()),
            user_agent: text(row, self.fields.order.user_agent.as_ref()),
        };
        Ok(Mapped::Item(sent(&message::order(at.name, revision, &day, asked)?, at.name, day)?))
    }

    /// What an order of a store is worth, with its sign.
    pub(crate) fn worth_of(&self, row: &Record, at: &At<'_>) -> Result<MinorAmount, Hold> {
        let fields = &self.fields.order;
        let currency = self.currency(row, fields.own.routing.currency.as_ref(), at).ok_or(Hold::NoCurrency)?;
        fields.worth.of(row, self.digits(), &currency).map_err(|_| Hold::BadAmount)
    }

    pub(crate) fn digits(&self) -> Digits<'_> {
        Digits(&self.ours.digits)
    }

    /// Who has bought: the customer as the org has them now, or a guest with an address. What is skipped of a customer is skipped
    /// of the orders too.
    fn buyer(
        &self,
        row: &Record,
        store: &StoreName,
        people: &HashMap<Id, Person>,
    ) -> Result<(String, Option<OrderCustomer>), Skip> {
        let customer =
            self.customer_of(row).and_then(|id| people.get(&id)).map(|person| person.of_order(store)).transpose()?;
        let theirs = customer.as_ref().map(|customer| customer.asked.email.clone()).filter(|email| !email.is_empty());
        let own = || self.fields.order.email.iter().find_map(|path| clean(&row.text(path)?));
        Ok((theirs.map_or_else(|| address(own().as_deref()), Ok)?, customer))
    }

    /// The instant; of a date the start of that day.
    fn completed_at(&self, row: &Record, at: &At<'_>, day: BusinessDay) -> Result<DateTime<Utc>, BadField> {
        let start = day.window(at.zone).start;
        let (path, kind) = &self.fields.order.own.completed_at;
        Ok(if *kind == Completed::Date { start } else { row.datetime(path)?.unwrap_or(start) })
    }

    /// The lines that count, but for those without a product's id.
    fn goods(&self, row: &Record, amount: &MinorAmount) -> Vec<GoodsAsked> {
        let (fields, worth) = (&self.fields.order.line, &self.fields.order.worth);
        let lines: Vec<_> = row.children(LINES).iter().filter(|line| worth.counts(line)).collect();
        let one = |line: &&Record| {
            let price = line.text(&fields.price);
            Some(GoodsAsked {
                id: clean(&line.text(&fields.id)?)?,
                name: clean(&line.text(&fields.name).unwrap_or_default()),
                quantity: pieces(line.text("Quantity").as_deref()),
                price: price.and_then(|price| Some(self.digits().read(&price, &amount.currency).ok()?.units)),
                vendor: text(line, fields.vendor.as_ref()),
                kind: text(line, fields.kind.as_ref()),
                collections: text(line, fields.collections.as_ref()),
            })
        };
        let goods: Vec<_> = lines.iter().filter_map(one).collect();
        let left_out = lines.len() - goods.len();
        if left_out > 0 {
            let order_id = row.text("Id").unwrap_or_default();
            tracing::warn!(%order_id, left_out, "lines without a product's id are left out");
        }
        goods
    }
}

fn text(row: &Record, path: Option<&String>) -> Option<String> {
    path.and_then(|path| clean(&row.text(path)?))
}

/// Whole pieces, one at the least: half a metre is bought as much as a whole one.
fn pieces(quantity: Option<&str>) -> u32 {
    let number = quantity.and_then(|text| Decimal::from_str_exact(text).ok()).unwrap_or(Decimal::ONE);
    let whole = number.abs().round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_u32();
    whole.unwrap_or(1).max(1)
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
