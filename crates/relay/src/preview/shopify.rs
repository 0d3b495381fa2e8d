//! `relay preview --shopify-order`: what NetSuite would be sent of an order in a file, by the settings here. Nobody is asked.

use crate::{
    answer::Answer,
    failure::Failure,
    options::Options,
    place::{self, Stack},
    text::{BAD, tick},
};
use config::{Relay, StoreName};
use erp::map::{self, Buyer, Entity, NoMemo, OrderLine, Parked, Settings, Sums};
use serde::Serialize;
use serde_json::{Value, json};
use shopify::{Order, Refund};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// What would become of an order and its refunds.
#[derive(Debug, Serialize)]
pub(crate) struct Mapped {
    order: Part,
    /// The customer that is there before the order; absent where the settings name one.
    customer: Option<Value>,
    /// Of each refund, what there is beside a smaller order.
    refunds: Vec<Part>,
}

/// A record, or why there is none.
#[derive(Debug, Serialize)]
struct Part {
    name: String,
    /// Why it is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    /// Why a person has to decide, and about what.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<String>,
    /// What would be sent: items by name, customer by external id, before they are looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sums: Option<Summed>,
}

/// Whether the lines add up.
#[derive(Debug, Serialize)]
struct Summed {
    ours: String,
    shopify: String,
    differ: bool,
}

/// The settings: those of a file need no stack.
async fn settings(options: &Options) -> Result<Relay, Failure> {
    match &options.config {
        Some(path) => place::parse(&place::read(path)?, &place::origin(options)),
        None => Ok(place::settings(options, &Stack::find(&options.stack, place::sdk().await?).await?).await?.0),
    }
}

/// Maps the order of a webhook's body, as a shop of this domain would send it.
pub(super) async fn run(options: &Options, file: &Path, shop: Option<&StoreName>) -> Result<Mapped, Failure> {
    let config = settings(options).await?;
    let erp = config.erp.as_ref().ok_or_else(|| Failure::input("the settings have no section [erp]"))?;
    let wrong =
        |what: &str, why: String| Failure::input(format!("`--shopify-order` is `{}`, {what}: {why}", file.display()));
    let text = fs::read(file).map_err(|error| wrong("which cannot be read", error.to_string()))?;
    let order: Order = serde_json::from_slice(&text)
        .map_err(|error| wrong("which is no order as a webhook has it", error.to_string()))?;
    Ok(mapped(&order, &Settings::of(erp, shop.map_or("", StoreName::as_str))))
}

/// What an order and its refunds would become.
pub(crate) fn mapped(order: &Order, settings: &Settings<'_>) -> Mapped {
    let skipped = map::due(order, settings, false).err().map(map::Skip::as_str);
    let part = Part { skipped, ..Part::of(order.name.clone()) };
    let part = match map::order(order, settings) {
        Ok(effect) => Part {
            record: Some(json!({
                "externalId": effect.external_id, "entity": entity(&effect.entity), "currency": effect.currency.to_string(),
                "fields": effect.fields, "once": effect.once, "addresses": effect.addresses, "closed": effect.cancelled,
                "lines": lines(&effect.lines),
            })),
            sums: Some(effect.sums.into()),
            ..part
        },
        Err(parked) => part.parked(&parked),
    };
    let customer = match map::buyer(order, settings) {
        Ok(Buyer::Customer(_, effect) | Buyer::Guest(effect)) => {
            Some(json!({"externalId": effect.external_id, "fields": effect.fields, "once": effect.once}))
        }
        Ok(Buyer::Named(_)) | Err(_) => None,
    };
    Mapped { order: part, customer, refunds: order.refunds.iter().map(|it| refund(it, order, settings)).collect() }
}

fn refund(refund: &Refund, order: &Order, settings: &Settings<'_>) -> Part {
    let part = Part::of(format!("refund {}", refund.id));
    match map::refund(refund, order, settings) {
        Ok(memo) => Part {
            record: Some(json!({
                "type": memo.record, "externalId": memo.external_id, "entity": entity(&memo.entity),
                "currency": memo.currency.to_string(), "fields": memo.fields, "lines": lines(&memo.lines),
            })),
            sums: memo.sums.map(Summed::from),
            ..part
        },
        Err(NoMemo::Skip(skip)) => Part { skipped: Some(skip.as_str()), ..part },
        Err(NoMemo::Pending) => Part { skipped: Some("its payment is open: it waits"), ..part },
        Err(NoMemo::Parked(parked)) => part.parked(&parked),
    }
}

fn entity(entity: &Entity) -> Value {
    match entity {
        Entity::External(id) => json!({ "externalId": id }),
        Entity::Internal(id) => json!({ "id": id.as_str() }),
    }
}

fn lines(lines: &[OrderLine]) -> Vec<Value> {
    let line = |line: &OrderLine| {
        json!({
            "line": line.key, "item": line.item, "quantity": line.quantity, "rate": line.rate.to_string(),
            "tax": line.tax.to_string(), "description": line.description, "fields": line.fields,
        })
    };
    lines.iter().map(line).collect()
}

impl From<Sums> for Summed {
    fn from(sums: Sums) -> Self {
        Self { ours: sums.ours.to_string(), shopify: sums.shopify.to_string(), differ: sums.differ() }
    }
}

impl Part {
    fn of(name: String) -> Self {
        Self { name, skipped: None, parked: None, record: None, sums: None }
    }

    fn parked(self, parked: &Parked) -> Self {
        Self { parked: Some(format!("{}: {parked}", parked.reason)), ..self }
    }

    fn is_well(&self) -> bool {
        self.parked.is_none() && self.sums.as_ref().is_none_or(|sums| !sums.differ)
    }

    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let well = tick(self.is_well());
        match (&self.parked, self.skipped) {
            (Some(parked), _) => writeln!(to, "{well} {}: to be parked: {parked}", self.name)?,
            (None, Some(skipped)) => writeln!(to, "{well} {}: not to be sent: {skipped}", self.name)?,
            (None, None) => writeln!(to, "{well} {}: to be sent", self.name)?,
        }
        if let Some(Summed { ours, shopify, differ }) = &self.sums {
            let (on, off) = if *differ { (format!("{BAD}"), format!("{BAD:#}")) } else { Default::default() };
            writeln!(to, "  {on}the lines add up to {ours}, Shopify says {shopify}{off}")?;
        }
        self.record.iter().try_for_each(|record| pretty(record, to))
    }
}

fn pretty(record: &Value, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{}", serde_json::to_string_pretty(record)?)
}

impl Answer for Mapped {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        self.order.print(to)?;
        if let Some(customer) = &self.customer {
            writeln!(to, "its customer:")?;
            pretty(customer, to)?;
        }
        self.refunds.iter().try_for_each(|refund| refund.print(to))
    }

    fn is_well(&self) -> bool {
        self.order.is_well() && self.refunds.iter().all(Part::is_well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Charges, Relay};

    /// An order as Shopify documents it.
    const ORDER: &str = include_str!("../../../shopify/tests/shopify/fixtures/order.json");

    fn shown(start: &str, charges: Charges) -> Mapped {
        let settings = Relay::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/config/relay.toml")).unwrap();
        let mut erp = settings.erp.unwrap();
        (erp.charges, erp.shop.start) = (charges, start.parse().unwrap());
        let mut order: Value = serde_json::from_str(ORDER).unwrap();
        order["company"] = Value::Null;
        mapped(&serde_json::from_value(order).unwrap(), &Settings::of(&erp, "other.myshopify.com"))
    }

    fn named() -> Charges {
        let item = |name: &str| Some(name.to_owned());
        Charges {
            tip: item("TIP"),
            duties: item("DUTIES"),
            fees: item("FEES"),
            custom: item("CUSTOM"),
            ..Charges::default()
        }
    }

    #[test]
    fn an_order_is_shown_with_its_sums_and_items_by_name() {
        let shown = shown("2026-01-01", named());
        let record = shown.order.record.as_ref().unwrap_or_else(|| panic!("{shown:?}"));
        let items: Vec<_> = record["lines"].as_array().unwrap().iter().map(|line| line["item"].clone()).collect();
        assert!(items.contains(&"SHIPPING".into()), "{items:?}");
        assert_eq!(record["externalId"], "shopify_order_9007199254740992001");
        assert!(shown.order.skipped.is_none() && shown.customer.is_some() && !shown.refunds.is_empty(), "{shown:?}");
        let sums = shown.order.sums.as_ref().unwrap();
        assert_eq!((&sums.ours, sums.differ), (&sums.shopify, false), "{shown:?}");
    }

    #[test]
    fn what_is_not_sent_is_said_with_its_reason() {
        assert_eq!(shown("2026-12-01", named()).order.skipped, Some("before_start"));
        let parked = shown("2026-01-01", Charges { shipping: None, ..named() });
        assert!(parked.order.parked.as_ref().unwrap().starts_with("unmapped_charge: "), "{parked:?}");
        assert!(!parked.is_well());
    }
}
