//! `[loyalty.customer]`: where customers are, and what is sent of them.

use super::route::RouteBy;
use crate::FieldPath;
use crate::fault::{Fault, require};
use serde::Deserialize;

/// Where customers are. Paths start at the record of `object`; their ids at Yotpo are `salesforce.customer_id`'s.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuyerFields {
    /// What a customer is in the org.
    pub object: BuyerObject,
    /// Fields of Order that hold the id of the customer's record: the first that is not blank counts. Never empty.
    pub of_order: Vec<FieldPath>,
    /// The address.
    pub email: FieldPath,
    /// The first name.
    pub first_name: Option<FieldPath>,
    /// The last name.
    pub last_name: Option<FieldPath>,
    /// The phone number; one that is not E.164 is left out and counted.
    pub phone: Option<FieldPath>,
    /// The country, two letters; another is left out and counted.
    pub country: Option<FieldPath>,
    /// Whether they have an account in the shop, a checkbox.
    pub has_account: Option<FieldPath>,
    /// Membership of the programme, a checkbox; it is not consent to mail.
    pub opt_in: Option<FieldPath>,
    /// All their tags, separated by commas or semicolons: what Yotpo had is overwritten.
    pub tags: Option<FieldPath>,
    /// The fields that decide the store that the record names itself.
    pub route_by: RouteBy,
    /// The customer's currency, if a route asks for one.
    pub currency: Option<FieldPath>,
}

/// What a customer is in the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum BuyerObject {
    /// A contact of an account.
    #[default]
    Contact,
    /// A person account.
    Account,
}

impl BuyerObject {
    /// The object's name in the org.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Account => "Account",
        }
    }
}

impl Default for BuyerFields {
    fn default() -> Self {
        let path = FieldPath::known;
        Self {
            object: BuyerObject::Contact,
            of_order: vec![path("BillToContactId")],
            email: path("Email"),
            first_name: Some(path("FirstName")),
            last_name: Some(path("LastName")),
            phone: None,
            country: None,
            has_account: None,
            opt_in: None,
            tags: None,
            route_by: RouteBy::default(),
            currency: None,
        }
    }
}

impl BuyerFields {
    pub(super) fn check(&self) -> Result<(), Fault> {
        require(!self.of_order.is_empty(), "loyalty.customer.of_order", "expected at least one field of Order")?;
        let watched = [Some(&self.email), self.opt_in.as_ref(), self.tags.as_ref()];
        require(
            watched.into_iter().flatten().all(|path| !path.is_on_parent()),
            "loyalty.customer",
            "expected email, opt_in and tags of the record itself: a change of another record does not move its \
             SystemModstamp and would not be noticed",
        )
    }
}
