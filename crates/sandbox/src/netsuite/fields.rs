//! The properties that records have, as far as they are simulated, in the REST API Browser's names.

use super::field::{Shape, Target};
use super::kind::Kind;

type Fields = &'static [(&'static str, Shape)];

const TRANSACTION: Fields = &[
    ("externalId", Shape::ExternalId),
    ("entity", Shape::To(Target::Customer)),
    ("subsidiary", Shape::To(Target::Subsidiary)),
    ("currency", Shape::To(Target::Currency)),
    ("tranDate", Shape::Date),
    ("tranId", Shape::Text(45)),
    ("otherRefNum", Shape::Text(45)),
    ("memo", Shape::Text(999)),
    ("email", Shape::Email),
    ("exchangeRate", Shape::Number),
    ("customForm", Shape::To(Target::Any)),
    ("location", Shape::To(Target::Any)),
    ("department", Shape::To(Target::Any)),
    ("class", Shape::To(Target::Any)),
    ("shipMethod", Shape::To(Target::Any)),
    ("shippingCost", Shape::Number),
    ("shipDate", Shape::Date),
    ("shipComplete", Shape::Flag),
    ("orderStatus", Shape::Choice(&["A", "B"])),
    ("createdFrom", Shape::To(Target::Transaction)),
    ("salesEffectiveDate", Shape::Date),
    ("isTaxable", Shape::Flag),
    ("taxDetailsOverride", Shape::Flag),
    ("taxDetails", Shape::TaxDetails),
    ("billingAddress", Shape::Address),
    ("shippingAddress", Shape::Address),
];

const CUSTOMER: Fields = &[
    ("externalId", Shape::ExternalId),
    ("entityId", Shape::Text(83)),
    ("isPerson", Shape::Flag),
    ("firstName", Shape::Text(32)),
    ("middleName", Shape::Text(32)),
    ("lastName", Shape::Text(32)),
    ("companyName", Shape::Text(83)),
    ("email", Shape::Email),
    ("phone", Shape::Phone),
    ("subsidiary", Shape::To(Target::Subsidiary)),
    ("currency", Shape::To(Target::Currency)),
    ("comments", Shape::Text(4_000)),
    ("isInactive", Shape::Flag),
    ("category", Shape::To(Target::Any)),
    ("terms", Shape::To(Target::Any)),
    ("customForm", Shape::To(Target::Any)),
    ("taxable", Shape::Flag),
    ("addressBook", Shape::AddressBook),
];

/// Besides `line`, which names one.
const LINE: Fields = &[
    ("item", Shape::To(Target::Item)),
    ("quantity", Shape::Number),
    ("rate", Shape::Number),
    ("amount", Shape::Number),
    ("price", Shape::To(Target::PriceLevel)),
    ("description", Shape::Text(4_000)),
    ("isClosed", Shape::Flag),
    ("location", Shape::To(Target::Any)),
    ("department", Shape::To(Target::Any)),
    ("class", Shape::To(Target::Any)),
    ("units", Shape::To(Target::Any)),
    ("isTaxable", Shape::Flag),
    ("taxCode", Shape::To(Target::Any)),
    ("taxRate1", Shape::Number),
    ("tax1Amt", Shape::Number),
    ("taxDetailsReference", Shape::Text(300)),
];

pub(crate) const ADDRESS: &[(&str, usize)] = &[
    ("addressee", 83),
    ("attention", 83),
    ("addr1", 150),
    ("addr2", 150),
    ("addr3", 150),
    ("city", 50),
    ("state", 50),
    ("zip", 36),
    ("addrPhone", 22),
];

/// The names are matched without regard to case: Oracle's samples have `otherrefnum` and `isclosed`.
fn find(fields: Fields, name: &str) -> Option<(&'static str, Shape)> {
    fields.iter().copied().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

pub(crate) fn all(kind: Kind) -> Fields {
    if kind.is_transaction() { TRANSACTION } else { CUSTOMER }
}

pub(crate) fn body(kind: Kind, name: &str) -> Option<(&'static str, Shape)> {
    find(all(kind), name)
}

pub(crate) fn line(name: &str) -> Option<(&'static str, Shape)> {
    find(LINE, name)
}
