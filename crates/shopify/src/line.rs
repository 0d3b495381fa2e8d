use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::lenient::{as_text, or_default, text};
use crate::money::optional_decimal;
use crate::{LineItemId, Money, MoneyBag, id};

/// A line of an order: one product at one price.  Prices and quantities are those of the order as it was placed, but for
/// `current_quantity`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineItem {
    /// Names the line; kept through edits.
    pub id: LineItemId,
    /// The merchant's name for what is sold; none for custom lines and tips.
    #[serde(default, deserialize_with = "text")]
    pub sku: Option<String>,
    /// The product's title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Title and variant.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// As ordered, what was removed or refunded since included.
    pub quantity: u32,
    /// Less what was removed or refunded.
    pub current_quantity: u32,
    /// For one piece, before discounts; with tax where the order's `taxes_included` says so.
    pub price_set: MoneyBag,
    /// The line's share of each discount, for the quantity as ordered.
    #[serde(default, deserialize_with = "or_default")]
    pub discount_allocations: Vec<DiscountAllocation>,
    /// Its taxes, for the quantity as ordered.
    #[serde(default, deserialize_with = "or_default")]
    pub tax_lines: Vec<TaxLine>,
    /// Its import duties.
    #[serde(default, deserialize_with = "or_default")]
    pub duties: Vec<Duty>,
    /// A gift card is sold: the buyer's money, not yet revenue.
    #[serde(default, deserialize_with = "or_default")]
    pub gift_card: bool,
    /// Whether a warehouse has to do with it.
    #[serde(default, deserialize_with = "or_default")]
    pub requires_shipping: bool,
    /// What the shop's theme or an app attached, in its order.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Vec<Attribute>,
}

/// A way of shipping that was chosen, also one that an edit removed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingLine {
    /// Names it in its order; null in the Admin API for some.
    #[serde(default, deserialize_with = "id::optional")]
    pub id: Option<u64>,
    /// As the buyer saw it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// The rate's code.
    #[serde(default, deserialize_with = "text")]
    pub code: Option<String>,
    /// Before discounts.
    pub price_set: MoneyBag,
    /// After those on the line itself.
    pub discounted_price_set: MoneyBag,
    /// An edit took it off the order: it costs nothing and stays listed.
    #[serde(default, deserialize_with = "or_default")]
    pub is_removed: bool,
    /// Its taxes.
    #[serde(default, deserialize_with = "or_default")]
    pub tax_lines: Vec<TaxLine>,
    /// Its share of each discount.
    #[serde(default, deserialize_with = "or_default")]
    pub discount_allocations: Vec<DiscountAllocation>,
}

/// A line's share of a discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountAllocation {
    /// Above zero.
    pub amount_set: MoneyBag,
}

/// One tax of a line or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// Its name, `State Tax`.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// As a part of one, `0.06`.
    #[serde(default, with = "optional_decimal")]
    pub rate: Option<Decimal>,
    /// The tax.
    pub price_set: MoneyBag,
}

/// An import duty of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// In the shop's currency.
    pub shop_money: Money,
    /// In the buyer's.
    pub presentment_money: Money,
    /// Taxes on the duty.
    #[serde(default, deserialize_with = "or_default")]
    pub tax_lines: Vec<TaxLine>,
}

/// A name and a value that the shop's theme or an app attached.  `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Names that begin with `_` are not shown to buyers.
    #[serde(default, deserialize_with = "as_text")]
    pub name: String,
    /// Text; whatever else it was, as JSON writes it.
    #[serde(default, deserialize_with = "as_text")]
    pub value: String,
}

impl fmt::Debug for LineItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineItem({}, {} of {})", self.id, self.current_quantity, self.quantity)
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({})", self.name)
    }
}
