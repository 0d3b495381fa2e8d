//! `[erp]`: how a shop's orders, customers and refunds are mapped, and its exceptions in `[erp.shops.<domain>]`.

use crate::fault::{Fault, require};
use crate::store::some_zone;
use crate::{BusinessDay, InternalId, StoreName, Zone};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The erp flow's rules, which hold for every shop, and each shop's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erp {
    /// The financial statuses that make an order due, in Shopify's words. Payment terms make one due whatever its status.
    pub statuses: Vec<String>,
    /// Whether orders that Shopify marks as tests are carried too.
    pub test_orders: bool,
    /// Whose changes are carried.
    pub customers: Customers,
    /// What a refund becomes.
    pub refunds: Refunds,
    /// How tax gets into the order.
    pub tax: Tax,
    /// What is done about lines that do not add up to Shopify's total.
    pub on_difference: OnDifference,
    /// The items that stand for all that is no product, by name.
    pub charges: Charges,
    /// NetSuite's body fields and what is put there: `memo`, `custbody_…`.
    pub body: BTreeMap<String, BodySource>,
    /// NetSuite's line fields and what is put there: `custcol_…`.
    pub line: BTreeMap<String, LineSource>,
    /// NetSuite's locations by Shopify's location id.
    pub locations: BTreeMap<String, InternalId>,
    /// NetSuite's customers by Shopify's company location id.
    pub companies: BTreeMap<String, InternalId>,
    /// What the tax of an order is booked as, with [`Tax::Suitetax`].
    pub suitetax: SuiteTax,
    /// What holds for shops that are not among `shops`.
    pub shop: Shop,
    /// Shops that differ, by their domain.
    pub shops: BTreeMap<StoreName, Shop>,
}

/// What may differ from shop to shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// The zone of its business days and of the dates in NetSuite.
    pub time_zone: Zone,
    /// Orders created before this day are left alone, and so are their refunds.
    pub start: BusinessDay,
    /// Which of Shopify's two amounts goes to NetSuite.
    pub money: MoneyKind,
    /// What stands before Shopify's order name in `otherRefNum`.
    pub number_prefix: String,
    /// The subsidiary of its orders and customers; needed where there are several.
    pub subsidiary: Option<InternalId>,
    /// The location of orders whose own is not among `locations`.
    pub location: Option<InternalId>,
    /// The form of its sales orders.
    pub form: Option<InternalId>,
    /// The class of its orders.
    pub class: Option<InternalId>,
    /// The department of its orders.
    pub department: Option<InternalId>,
    /// The customer of orders that have none; otherwise each gets one of its own.
    pub guest_customer: Option<InternalId>,
}

/// Whose changes are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Customers {
    /// Everybody's.
    #[default]
    All,
    /// Those of customers that an order brought.
    WithOrders,
}

/// What a refund of what had shipped becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refunds {
    /// A credit memo.
    #[default]
    CreditMemo,
    /// A return authorization.
    ReturnAuthorization,
    /// Nothing.
    None,
}

/// How tax gets into the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tax {
    /// As a line of its own.
    #[default]
    Item,
    /// As `SuiteTax`'s details of each line, overridden.
    Suitetax,
    /// NetSuite computes it.
    Netsuite,
}

/// What is done about lines that do not add up to Shopify's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDifference {
    /// They are sent, and the difference is logged.
    #[default]
    Report,
    /// The order waits for a person.
    Park,
}

/// Which of Shopify's two amounts is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyKind {
    /// In the shop's currency.
    #[default]
    Shop,
    /// In the one that the buyer saw.
    Presentment,
}

/// `[erp.charges]`: an item's name (`itemid`) or external id for each; an amount whose item is not named parks the order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Charges {
    /// Shipping, a line for each of Shopify's.
    pub shipping: Option<String>,
    /// All discounts, one line.
    pub discount: Option<String>,
    /// A gift card that is sold.
    pub gift_card: Option<String>,
    /// All taxes, one line.
    pub tax: Option<String>,
    /// Cents that rates cannot express, and cash rounding.
    pub rounding: Option<String>,
    /// What a refund gives back beside its lines.
    pub adjustment: Option<String>,
    /// Tips.
    pub tip: Option<String>,
    /// Import duties.
    pub duties: Option<String>,
    /// Additional fees.
    pub fees: Option<String>,
    /// Lines without SKU.
    pub custom: Option<String>,
}

/// `[erp.suitetax]`; both are there with [`Tax::Suitetax`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuiteTax {
    /// The tax type.
    pub tax_type: Option<InternalId>,
    /// The tax code, of that type.
    pub tax_code: Option<InternalId>,
}

/// A value of the order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum BodySource {
    /// The buyer's note.
    Note,
    /// All tags.
    Tags,
    /// The purchase order's number.
    PoNumber,
    /// Where the order was placed, such as `web` or `pos`.
    SourceName,
    /// The order's name, such as `#1001`.
    Name,
    /// One of the order's note attributes, by name.
    NoteAttribute(String),
}

/// A value of one of the order's lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum LineSource {
    /// The product's title.
    Title,
    /// Title and variant.
    Name,
    /// One of the line's properties, by name.
    Property(String),
}

impl Erp {
    /// What holds for the shop with this domain.
    pub fn shop(&self, domain: &StoreName) -> &Shop {
        self.shops.get(domain).unwrap_or(&self.shop)
    }
}

impl Default for Charges {
    fn default() -> Self {
        let item = |name: &str| Some(name.to_owned());
        Self {
            shipping: item("SHIPPING"),
            discount: item("DISCOUNT"),
            gift_card: item("GIFTCARD"),
            tax: item("TAX"),
            rounding: item("DISCOUNT"),
            adjustment: item("DISCOUNT"),
            tip: None,
            duties: None,
            fees: None,
            custom: None,
        }
    }
}

impl TryFrom<String> for BodySource {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('.') {
            Some(("note_attributes", name)) if !name.is_empty() => return Ok(Self::NoteAttribute(name.to_owned())),
            _ => {}
        }
        match text.as_str() {
            "note" => Ok(Self::Note),
            "tags" => Ok(Self::Tags),
            "po_number" => Ok(Self::PoNumber),
            "source_name" => Ok(Self::SourceName),
            "name" => Ok(Self::Name),
            _ => Err(
                "expected \"note\", \"tags\", \"po_number\", \"source_name\", \"name\" or \"note_attributes.<name>\"",
            ),
        }
    }
}

impl TryFrom<String> for LineSource {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('.') {
            Some(("properties", name)) if !name.is_empty() => return Ok(Self::Property(name.to_owned())),
            _ => {}
        }
        match text.as_str() {
            "title" => Ok(Self::Title),
            "name" => Ok(Self::Name),
            _ => Err("expected \"title\", \"name\" or \"properties.<name>\""),
        }
    }
}

/// `[erp]` as written: what a shop leaves out is not filled in yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawErp {
    start: BusinessDay,
    #[serde(default = "statuses")]
    statuses: Vec<String>,
    #[serde(default)]
    test_orders: bool,
    #[serde(default)]
    customers: Customers,
    #[serde(default)]
    refunds: Refunds,
    #[serde(default)]
    tax: Tax,
    #[serde(default)]
    on_difference: OnDifference,
    #[serde(default)]
    money: MoneyKind,
    #[serde(default)]
    number_prefix: String,
    subsidiary: Option<InternalId>,
    location: Option<InternalId>,
    form: Option<InternalId>,
    class: Option<InternalId>,
    department: Option<InternalId>,
    guest_customer: Option<InternalId>,
    #[serde(default = "body")]
    body: BTreeMap<String, BodySource>,
    #[serde(default)]
    line: BTreeMap<String, LineSource>,
    #[serde(default)]
    locations: BTreeMap<String, InternalId>,
    #[serde(default)]
    companies: BTreeMap<String, InternalId>,
    #[serde(default)]
    charges: Charges,
    #[serde(default)]
    suitetax: SuiteTax,
    #[serde(default)]
    shops: BTreeMap<StoreName, RawShop>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShop {
    #[serde(default, deserialize_with = "some_zone")]
    time_zone: Option<Zone>,
    start: Option<BusinessDay>,
    money: Option<MoneyKind>,
    number_prefix: Option<String>,
    subsidiary: Option<InternalId>,
    location: Option<InternalId>,
    form: Option<InternalId>,
    class: Option<InternalId>,
    department: Option<InternalId>,
    guest_customer: Option<InternalId>,
}

fn statuses() -> Vec<String> {
    ["paid", "partially_paid", "partially_refunded", "refunded"].map(str::to_owned).into()
}

fn body() -> BTreeMap<String, BodySource> {
    [("memo".to_owned(), BodySource::Note)].into()
}

impl RawErp {
    pub(crate) fn complete(self, org: Zone) -> Erp {
        let shop = Shop {
            time_zone: org,
            start: self.start,
            money: self.money,
            number_prefix: self.number_prefix,
            subsidiary: self.subsidiary,
            location: self.location,
            form: self.form,
            class: self.class,
            department: self.department,
            guest_customer: self.guest_customer,
        };
        Erp {
            statuses: self.statuses,
            test_orders: self.test_orders,
            customers: self.customers,
            refunds: self.refunds,
            tax: self.tax,
            on_difference: self.on_difference,
            charges: self.charges,
            body: self.body,
            line: self.line,
            locations: self.locations,
            companies: self.companies,
            suitetax: self.suitetax,
            shops: self.shops.into_iter().map(|(domain, raw)| (domain, raw.over(shop.clone()))).collect(),
            shop,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        const STATUSES: [&str; 8] =
            ["pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided", "expired"];
        require(
            !self.statuses.is_empty() && self.statuses.iter().all(|status| STATUSES.contains(&status.as_str())),
            "erp.statuses",
            "expected at least one of \"pending\", \"authorized\", \"partially_paid\", \"paid\", \"partially_refunded\", \
             \"refunded\", \"voided\" and \"expired\"",
        )?;
        custom_fields(self.body.keys().filter(|field| *field != "memo"), "custbody_", "erp.body")?;
        custom_fields(self.line.keys(), "custcol_", "erp.line")?;
        for (ids, key) in [(&self.locations, "erp.locations"), (&self.companies, "erp.companies")] {
            let are_ids = ids.keys().all(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
            require(are_ids, key, "expected Shopify's ids, digits in quotes, such as { \"655441491\" = \"3\" }")?;
        }
        require(
            self.tax != Tax::Suitetax || (self.suitetax.tax_type.is_some() && self.suitetax.tax_code.is_some()),
            "erp.tax",
            "expected tax_type and tax_code in [erp.suitetax] beside \"suitetax\"",
        )?;
        number_prefix(&self.number_prefix, "erp.number_prefix")?;
        for (domain, shop) in &self.shops {
            number_prefix(
                shop.number_prefix.as_deref().unwrap_or_default(),
                &format!("erp.shops.{domain}.number_prefix"),
            )?;
        }
        self.charges.check()
    }
}

impl RawShop {
    fn over(self, default: Shop) -> Shop {
        Shop {
            time_zone: self.time_zone.unwrap_or(default.time_zone),
            start: self.start.unwrap_or(default.start),
            money: self.money.unwrap_or(default.money),
            number_prefix: self.number_prefix.unwrap_or(default.number_prefix),
            subsidiary: self.subsidiary.or(default.subsidiary),
            location: self.location.or(default.location),
            form: self.form.or(default.form),
            class: self.class.or(default.class),
            department: self.department.or(default.department),
            guest_customer: self.guest_customer.or(default.guest_customer),
        }
    }
}

impl Charges {
    fn check(&self) -> Result<(), Fault> {
        for (item, key) in [
            (&self.shipping, "shipping"),
            (&self.discount, "discount"),
            (&self.gift_card, "gift_card"),
            (&self.tax, "tax"),
            (&self.rounding, "rounding"),
            (&self.adjustment, "adjustment"),
            (&self.tip, "tip"),
            (&self.duties, "duties"),
            (&self.fees, "fees"),
            (&self.custom, "custom"),
        ] {
            let named = item.as_deref().is_none_or(|name| !name.is_empty() && name.trim() == name);
            require(
                named,
                &format!("erp.charges.{key}"),
                "expected an item's name or external id, such as \"SHIPPING\"",
            )?;
        }
        Ok(())
    }
}

/// Fields with these names belong to the account, but for our own.
fn custom_fields<'a>(mut names: impl Iterator<Item = &'a String>, prefix: &str, key: &str) -> Result<(), Fault> {
    let allowed = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let fits = |name: &String| {
        let own = name.starts_with("custbody_order_relay") || name.starts_with("custcol_order_relay");
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && allowed(rest)) && !own
    };
    require(
        names.all(fits),
        key,
        &format!("expected the script ids of custom fields, such as \"{prefix}channel\"; `order_relay` is taken"),
    )
}

fn number_prefix(prefix: &str, key: &str) -> Result<(), Fault> {
    require(
        prefix.len() <= 20 && prefix.bytes().all(|b| b.is_ascii_graphic()),
        key,
        "expected at most 20 characters without spaces, such as \"US-\"",
    )
}
