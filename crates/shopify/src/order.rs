use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::customer::known;
use crate::lenient::{optional_time, or_default, or_true, tags, text, time, yes};
use crate::money::optional_decimal;
use crate::open_enum::open_enum;
use crate::{
    Address, Attribute, Currency, Customer, LineItem, LineItemId, MoneyBag, OrderId, Refund, ShippingLine, TaxLine, id,
};

/// An order as `orders/create`, `orders/updated` and `orders/cancelled` carry it, under Shopify's names; the Admin API's become the
/// same.  `total_…` and `subtotal_…` are of the order as placed, `current_…` are less what was removed or refunded since.
///
/// The sums of an order need not agree: in Shopify's sample they do not.  `Debug` shows id and name alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Names it in its shop.
    pub id: OrderId,
    /// As buyer and merchant call it, `#1001`; not unique over shops.
    pub name: String,
    /// The number in it.
    pub order_number: u64,
    /// When it was placed.
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    /// When it last changed in any way.
    #[serde(default, deserialize_with = "optional_time")]
    pub updated_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    #[serde(default, deserialize_with = "optional_time")]
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Paid by a gateway in test mode.
    #[serde(default, deserialize_with = "or_default")]
    pub test: bool,
    /// Whether stock is reserved for it; taken as true where nothing is said.
    #[serde(default = "yes", deserialize_with = "or_true")]
    pub confirmed: bool,
    /// How far it is paid.
    #[serde(default)]
    pub financial_status: Option<FinancialStatus>,
    /// To be paid later: net terms.
    #[serde(default)]
    pub payment_terms: Option<PaymentTerms>,
    /// The shop's currency.
    pub currency: Currency,
    /// The one that the buyer saw and paid.
    pub presentment_currency: Currency,
    /// Whether the prices of lines and shipping contain their tax.
    #[serde(default, deserialize_with = "or_default")]
    pub taxes_included: bool,

    /// Who bought; none for guests of a till, and where nobody is named.
    #[serde(default, deserialize_with = "known")]
    pub customer: Option<Customer>,
    /// The company that bought, in a B2B order.
    #[serde(default)]
    pub company: Option<Company>,
    /// The address typed at the checkout, which need not be the customer's.
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    /// The order's own telephone number.
    #[serde(default, deserialize_with = "text")]
    pub phone: Option<String>,
    /// Who pays.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// Where it goes; none for what is not shipped.
    #[serde(default)]
    pub shipping_address: Option<Address>,

    /// The buyer's or the merchant's words.
    #[serde(default, deserialize_with = "text")]
    pub note: Option<String>,
    /// What theme and apps attached.
    #[serde(default, deserialize_with = "or_default")]
    pub note_attributes: Vec<Attribute>,
    /// Sorted.
    #[serde(default, with = "tags")]
    pub tags: Vec<String>,
    /// The buyer's own number for it.
    #[serde(default, deserialize_with = "text")]
    pub po_number: Option<String>,
    /// `web`, `pos`, `shopify_draft_order`, an app's number.
    #[serde(default, deserialize_with = "text")]
    pub source_name: Option<String>,
    /// The shop's place where it was bought, at a till.
    #[serde(default, deserialize_with = "id::optional")]
    pub location_id: Option<u64>,

    /// What was bought, in its order; lines that were removed keep their place with a `current_quantity` of 0.
    pub line_items: Vec<LineItem>,
    /// How it is shipped.
    #[serde(default, deserialize_with = "or_default")]
    pub shipping_lines: Vec<ShippingLine>,
    /// The taxes of lines and shipping, summed.
    #[serde(default, deserialize_with = "or_default")]
    pub tax_lines: Vec<TaxLine>,
    /// What was shipped, when.
    #[serde(default, deserialize_with = "or_default")]
    pub fulfillments: Vec<Fulfillment>,
    /// What was refunded or removed.
    #[serde(default, deserialize_with = "of_an_order")]
    pub refunds: Vec<Refund>,

    /// The lines less discounts.
    #[serde(default)]
    pub subtotal_price_set: Option<MoneyBag>,
    /// All discounts.
    #[serde(default)]
    pub total_discounts_set: Option<MoneyBag>,
    /// Shipping before discounts.
    #[serde(default)]
    pub total_shipping_price_set: Option<MoneyBag>,
    /// All taxes.
    #[serde(default)]
    pub total_tax_set: Option<MoneyBag>,
    /// What the buyer owed.
    pub total_price_set: MoneyBag,
    /// Tips, in the shop's currency.
    #[serde(default, with = "optional_decimal")]
    pub total_tip_received: Option<Decimal>,
    /// All duties.
    #[serde(default)]
    pub original_total_duties_set: Option<MoneyBag>,
    /// All further fees.
    #[serde(default)]
    pub original_total_additional_fees_set: Option<MoneyBag>,
    /// By how much cash payments were rounded: positive or negative.
    #[serde(default)]
    pub total_cash_rounding_payment_adjustment_set: Option<MoneyBag>,
    /// The same of cash refunds.
    #[serde(default)]
    pub total_cash_rounding_refund_adjustment_set: Option<MoneyBag>,

    /// The lines less discounts, as of now.
    #[serde(default)]
    pub current_subtotal_price_set: Option<MoneyBag>,
    /// Discounts as of now.
    #[serde(default)]
    pub current_total_discounts_set: Option<MoneyBag>,
    /// Shipping as of now.
    #[serde(default)]
    pub current_shipping_price_set: Option<MoneyBag>,
    /// Taxes as of now.
    #[serde(default)]
    pub current_total_tax_set: Option<MoneyBag>,
    /// Duties as of now.
    #[serde(default)]
    pub current_total_duties_set: Option<MoneyBag>,
    /// Fees as of now.
    #[serde(default)]
    pub current_total_additional_fees_set: Option<MoneyBag>,
    /// What remains of `total_price_set` after edits, returns and refunds: Shopify's current total.
    pub current_total_price_set: MoneyBag,
}

/// The buyer of a B2B order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Names the company in its shop.
    #[serde(deserialize_with = "id::any")]
    pub id: u64,
    /// The one of its places that bought.
    #[serde(default, deserialize_with = "id::optional")]
    pub location_id: Option<u64>,
}

/// That an order is to be paid later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTerms {
    /// `Net 30`.
    #[serde(default, rename = "payment_terms_name", deserialize_with = "text")]
    pub name: Option<String>,
}

/// A parcel, or what was handed over otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfillment {
    /// Names it.
    #[serde(deserialize_with = "id::any")]
    pub id: u64,
    /// When it was made.
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    /// Whether it came about.
    pub status: FulfillmentStatus,
    /// What is in it.
    #[serde(default, deserialize_with = "or_default")]
    pub line_items: Vec<FulfilledLine>,
}

/// A part of a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilledLine {
    /// The order's line.
    pub id: LineItemId,
    /// Pieces of it in this fulfilment.
    pub quantity: u32,
}

open_enum! {
    /// How far an order is paid: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/OrderDisplayFinancialStatus>.
    FinancialStatus {
        /// Payment is awaited.
        Pending = "pending",
        /// The money is reserved.
        Authorized = "authorized",
        /// Some of it came.
        PartiallyPaid = "partially_paid",
        /// All of it came.
        Paid = "paid",
        /// Some went back.
        PartiallyRefunded = "partially_refunded",
        /// All went back.
        Refunded = "refunded",
        /// The reservation was given up.
        Voided = "voided",
        /// The reservation ran out.
        Expired = "expired",
    }
}

open_enum! {
    /// Whether a fulfilment came about: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/FulfillmentStatus>.
    FulfillmentStatus {
        /// It did.
        Success = "success",
        /// Not yet.
        Pending = "pending",
        /// Not yet.
        Open = "open",
        /// It was taken back.
        Cancelled = "cancelled",
        /// It failed.
        Error = "error",
        /// It failed.
        Failure = "failure",
    }
}

/// An order lists its refunds with its lines as they are today, which says nothing of when a refund was made: left out, so that
/// both of the shapes that an order comes in say the same.
fn of_an_order<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Refund>, D::Error> {
    let mut refunds: Vec<Refund> = or_default(d)?;
    let items = refunds.iter_mut().flat_map(|refund| &mut refund.refund_line_items);
    items.filter_map(|line| line.line_item.as_mut()).for_each(|item| item.fulfillment_status = None);
    Ok(refunds)
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Order({} {}, {} lines)", self.id, self.name, self.line_items.len())
    }
}
