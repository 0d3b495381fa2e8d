//! The lines of an order or a memo, put together: goods and charges, then one line each for discounts, tax and the cents that are
//! left.

use super::{Parked, Settings};
use config::{Charges, LineSource, Tax};
use netsuite::fit::{self, Mended};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use shopify::{Coin, LineItem, Pieces};
use std::collections::BTreeMap;

/// A line before its item is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderLine {
    /// What it stands for, in `custcol_order_relay_line`: the id of Shopify's line, or `shipping:<id>`, `discount`, `tax`, `tip`,
    /// `duties`, `fees`, `rounding`, `adjustment`.
    pub key: String,
    /// The item's name or external id: a SKU, or one of `[erp.charges]`.
    pub item: String,
    /// Pieces.
    pub quantity: u32,
    /// For one piece, without tax; negative for what is taken off.
    #[serde(serialize_with = "exact")]
    pub rate: Decimal,
    /// Its tax, where `SuiteTax` is told; otherwise 0.
    #[serde(serialize_with = "exact")]
    pub tax: Decimal,
    /// Custom fields, `custcol_…`, written once: Shopify does not let them change. No part of the effect.
    #[serde(skip)]
    pub fields: BTreeMap<String, String>,
    /// What it is called; no part of the effect.
    #[serde(skip)]
    pub description: Option<String>,
}

impl OrderLine {
    /// What it costs, without tax.
    pub fn amount(&self) -> Decimal {
        self.rate * Decimal::from(self.quantity)
    }

    /// Whether it is one of Shopify's lines, and no charge.
    pub fn is_goods(&self) -> bool {
        is_goods(&self.key)
    }
}

/// One number has one text, whatever zeros it was written with.
fn exact<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&amount.normalize())
}

/// Whether a line with this key is one of Shopify's, and no charge.
pub(super) fn is_goods(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit())
}

/// An item of `[erp.charges]`, by its key there.
type Charge = (&'static str, fn(&Charges) -> &Option<String>);

pub(super) const SHIPPING: Charge = ("shipping", |charges| &charges.shipping);
pub(super) const TIP: Charge = ("tip", |charges| &charges.tip);
pub(super) const DUTIES: Charge = ("duties", |charges| &charges.duties);
pub(super) const FEES: Charge = ("fees", |charges| &charges.fees);
pub(super) const ADJUSTMENT: Charge = ("adjustment", |charges| &charges.adjustment);
const DISCOUNT: Charge = ("discount", |charges| &charges.discount);
const GIFT_CARD: Charge = ("gift_card", |charges| &charges.gift_card);
const TAX: Charge = ("tax", |charges| &charges.tax);
const ROUNDING: Charge = ("rounding", |charges| &charges.rounding);
const CUSTOM: Charge = ("custom", |charges| &charges.custom);

/// Lines that are being put together.
pub(super) struct Sheet<'a> {
    settings: &'a Settings<'a>,
    coin: Coin,
    /// Whether prices contain their tax.
    included: bool,
    lines: Vec<OrderLine>,
    discounts: Decimal,
    /// The taxes of the lines, summed; the document's own may differ by cents.
    line_taxes: Decimal,
    rounding: Decimal,
    pub(super) mended: Mended,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(settings: &'a Settings<'a>, coin: Coin, included: bool) -> Self {
        let (lines, mended) = (Vec::new(), Mended::default());
        let zero = Decimal::ZERO;
        Self { settings, coin, included, lines, discounts: zero, line_taxes: zero, rounding: zero, mended }
    }

    /// Adds goods. Rates have the currency's digits, so that a price without its tax leaves cents, which are added up.
    pub(super) fn goods(&mut self, line: &LineItem, pieces: &Pieces, tip: bool) -> Result<(), Parked> {
        let item = self.item(line, tip)?;
        let quantity = Decimal::from(pieces.quantity);
        let price = self.coin.pick(&line.price_set);
        let rate = if self.included {
            let net = price * quantity - pieces.tax;
            let rate = self.coin.round(net / quantity);
            self.rounding += net - rate * quantity;
            rate
        } else {
            price
        };
        self.discounts += pieces.discount;
        self.line_taxes += pieces.tax;
        let fields = &self.settings.erp.line;
        let fields = fields.iter().filter_map(|(name, source)| {
            Some((name.clone(), fit::text(name, source_of(line, source), &mut self.mended)?))
        });
        self.lines.push(OrderLine {
            fields: fields.collect(),
            key: line.id.to_string(),
            item,
            quantity: pieces.quantity,
            rate,
            tax: self.told(pieces.tax),
            description: fit::text("description", Some(&line.name), &mut self.mended),
        });
        Ok(())
    }

    /// Adds a charge of `amount`, with `tax` in it where prices contain tax; nothing, if there is nothing to charge.
    pub(super) fn charge(&mut self, key: String, charge: Charge, amount: Decimal, tax: Decimal) -> Result<(), Parked> {
        let net = if self.included { amount - tax } else { amount };
        self.net(key, charge, net, tax)
    }

    /// Adds a charge of `net` without its tax.
    pub(super) fn net(&mut self, key: String, charge: Charge, net: Decimal, tax: Decimal) -> Result<(), Parked> {
        self.line_taxes += tax;
        if net.is_zero() && tax.is_zero() {
            return Ok(());
        }
        let item = self.named(charge)?;
        let tax = self.told(tax);
        self.lines.push(OrderLine {
            key,
            item,
            quantity: 1,
            rate: net,
            tax,
            fields: BTreeMap::new(),
            description: None,
        });
        Ok(())
    }

    /// Takes `discount` off, beside that of the goods.
    pub(super) fn discount(&mut self, discount: Decimal) {
        self.discounts += discount;
    }

    /// Adds what only the whole document has: discounts, the `tax` that it says it has, cents that are left and those that cash was
    /// `rounded` by. Gives the lines and their sum with tax.
    pub(super) fn finish(
        mut self,
        tax: Decimal,
        rounded: Decimal,
    ) -> Result<(Vec<OrderLine>, Decimal, Mended), Parked> {
        self.charge("discount".to_owned(), DISCOUNT, -self.discounts, Decimal::ZERO)?;
        let mode = self.settings.erp.tax;
        if mode == Tax::Item {
            self.net_line("tax", TAX, tax)?;
        }
        // Taxes of lines and the document's own may differ by cents.
        let left = match mode {
            Tax::Item if self.included => self.line_taxes - tax,
            Tax::Suitetax if !self.included => tax - self.line_taxes,
            _ => Decimal::ZERO,
        };
        self.net_line("rounding", ROUNDING, self.rounding + left + rounded)?;
        let sent: Decimal = self.lines.iter().map(OrderLine::amount).sum();
        let beside = match mode {
            Tax::Item => Decimal::ZERO,
            Tax::Suitetax => self.line_taxes,
            Tax::Netsuite if self.included => self.line_taxes,
            Tax::Netsuite => tax,
        };
        Ok((self.lines, sent + beside, self.mended))
    }

    fn net_line(&mut self, key: &str, charge: Charge, amount: Decimal) -> Result<(), Parked> {
        if amount.is_zero() {
            return Ok(());
        }
        let item = self.named(charge)?;
        let (key, tax, fields) = (key.to_owned(), Decimal::ZERO, BTreeMap::new());
        self.lines.push(OrderLine { key, item, quantity: 1, rate: amount, tax, fields, description: None });
        Ok(())
    }

    fn item(&self, line: &LineItem, tip: bool) -> Result<String, Parked> {
        match line.sku.as_deref().map(str::trim) {
            _ if tip => self.named(TIP),
            _ if line.gift_card => self.named(GIFT_CARD),
            Some(sku) if !sku.is_empty() => Ok(sku.to_owned()),
            _ => self.named(CUSTOM),
        }
    }

    fn named(&self, (key, item): Charge) -> Result<String, Parked> {
        let missing = || Parked::new("unmapped_charge", format!("no item is named in erp.charges.{key}"));
        item(&self.settings.erp.charges).clone().ok_or_else(missing)
    }

    fn told(&self, tax: Decimal) -> Decimal {
        if self.settings.erp.tax == Tax::Suitetax { tax } else { Decimal::ZERO }
    }
}

fn source_of<'a>(line: &'a LineItem, source: &LineSource) -> Option<&'a str> {
    match source {
        LineSource::Title => Some(&line.title),
        LineSource::Name => Some(&line.name),
        LineSource::Property(name) => {
            line.properties.iter().find(|property| property.name == *name).map(|property| property.value.as_str())
        }
    }
}
