//! A lifecycle event of the org becomes an action at Yotpo. Pure.

use crate::{
    keys,
    message::{self, ActionAsked},
    source::{
        fields::ActionFields,
        item::{At, BadRow, Hold, Instead, Mapped, Mapping, Skip, sent},
        person::Person,
    },
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName, Zone};
use org::Completed;
use salesforce::{BadField, Id, Record};
use std::collections::HashMap;

impl ActionFields {
    /// The customer's record.
    pub(crate) fn customer_of(&self, row: &Record) -> Option<Id> {
        Id::parse(&row.text(&self.customer)?).ok()
    }

    /// When it happened; of a date, the start of that day.
    fn at(&self, row: &Record, zone: Zone) -> Result<Option<DateTime<Utc>>, BadField> {
        let (path, kind) = &self.date;
        Ok(match kind {
            Completed::DateTime => row.datetime(path)?,
            Completed::Date => row.date(path)?.map(|date| BusinessDay::from(date).window(zone).start),
        })
    }
}

impl Mapping<'_> {
    /// What becomes of a lifecycle event: it goes to the store that the customer's own record names.
    pub(crate) fn action(
        &self,
        row: &Record,
        fields: &ActionFields,
        people: &HashMap<Id, Person>,
    ) -> Result<Mapped, BadRow> {
        let (record, unrouted) = (row.id()?, StoreName::unrouted());
        let counted = Self::written(row, self.config.time_zone)?;
        let nowhere = keys::action(&unrouted, &record, &fields.word)?;
        let Some(person) = fields.customer_of(row).and_then(|id| people.get(&id)) else {
            return Ok(Instead::constant(nowhere, &unrouted, counted).skip(Skip::NoCustomer));
        };
        let Some(At { name, market, zone }) = person.store.as_ref().and_then(|name| self.at(name)) else {
            return Ok(Instead::constant(nowhere, &unrouted, counted).hold(Hold::UnknownStore));
        };
        let instead = Instead::constant(keys::action(name, &record, &fields.word)?, name, counted);
        let asked = match person.asked_in(name) {
            Ok(asked) if asked.gone.is_none() => asked,
            Ok(_) => return Ok(instead.skip(Skip::NoCustomer)),
            Err(skip) => return Ok(instead.skip(skip)),
        };
        let Some(at) = fields.at(row, zone)? else { return Ok(instead.hold(Hold::NoCompletionDate)) };
        if BusinessDay::of(at, zone) < market.start {
            return Ok(instead.skip(Skip::BeforeStart));
        }
        let (word, contact, email) = (fields.word.clone(), asked.contact, asked.email);
        let asked = ActionAsked { word, record, contact, customer_id: asked.customer_id, email, at };
        Ok(Mapped::Item(sent(&message::action(name, asked)?, name, counted)?))
    }
}
