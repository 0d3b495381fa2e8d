//! The objects of the org. A new one is one entry here.
//! <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/>

use std::ops::Deref;

use super::kind::Kind;
use super::kind::Kind::{Boolean, Currency, Date, DateTime, Double, Email, LongText, Phone, Text, Url};

/// An object and its fields, besides those that every object has ([`COMMON`]).
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) key_prefix: &'static str,
    /// The auto-number field.
    pub(super) number: Option<&'static str>,
    /// Whether every org has it; else it is there from its first record on.
    pub(super) given: bool,
    pub(super) fields: &'static [(Kind, &'static [&'static str])],
    pub(super) formulas: &'static [(Kind, &'static [&'static str])],
    pub(super) picklists: &'static [(&'static str, &'static [&'static str])],
    pub(super) parents: &'static [Parent],
}

/// A reference to a record of another object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The relationship's name; the field's follows from it.
    pub(crate) name: &'static str,
    pub(crate) object: Object,
    /// The name under which the parent has its children, where they are part of it: they are deleted with it.
    pub(crate) children: Option<&'static str>,
}

impl Parent {
    /// `OrderId` for `Order`, `Contact__c` for `Contact__r`.
    pub(super) fn field(self) -> String {
        self.name.strip_suffix("__r").map_or_else(|| format!("{}Id", self.name), |custom| format!("{custom}__c"))
    }
}

/// The first columns of every object.
pub(super) const COMMON: [(&str, Kind); 5] = [
    ("Id", Kind::Id),
    ("SystemModstamp", DateTime),
    ("CreatedDate", DateTime),
    ("LastModifiedDate", DateTime),
    ("IsDeleted", Boolean),
];

const CURRENCIES: (&str, &[&str]) = ("CurrencyIsoCode", &["USD", "EUR", "INR", "GBP", "JPY"]);

const EMPTY: Definition = Definition {
    name: "",
    key_prefix: "",
    number: None,
    given: true,
    fields: &[],
    formulas: &[],
    picklists: &[],
    parents: &[],
};

macro_rules! objects {
    ($($(#[$doc:meta])* $object:ident = $definition:expr;)+) => {
        /// An sObject of the org.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Object { $($(#[$doc])* $object),+ }

        impl Object {
            pub(crate) const ALL: &[Self] = &[$(Self::$object),+];

            pub(crate) fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|object| object.name.eq_ignore_ascii_case(name))
            }
        }

        impl Deref for Object {
            type Target = Definition;

            fn deref(&self) -> &Definition {
                match self {
                    $(Self::$object => const { &$definition }),+
                }
            }
        }
    };
}

objects! {
    Order = Definition {
        name: "Order",
        key_prefix: "801",
        number: Some("OrderNumber"),
        fields: &[
            (Text, &["OrderNumber", "PoNumber", "OrderReferenceNumber", "Store__c", "Locale__c", "Coupon_Code__c"]),
            (LongText, &["Description"]),
            (Email, &["BillingEmailAddress"]),
            (Boolean, &["IsReductionOrder", "Is_Test__c"]),
            (Currency, &["TotalAmount"]),
            (Date, &["EffectiveDate", "EndDate", "Completed_On__c"]),
            (DateTime, &["ActivatedDate"]),
        ],
        formulas: &[(DateTime, &["Completed_Formula__c"])],
        picklists: &[
            ("Status", &["Draft", "Activated", "Completed", "Canceled", "Cancelled"]),
            ("StatusCode", &["Draft", "Activated", "Canceled", "Expired"]),
            ("Type", &["Web", "Retail", "Test"]),
            CURRENCIES,
        ],
        parents: &[
            Parent { name: "Account", object: Object::Account, children: None },
            Parent { name: "BillToContact", object: Object::Contact, children: None },
            Parent { name: "ShipToContact", object: Object::Contact, children: None },
            Parent { name: "OriginalOrder", object: Object::Order, children: None },
        ],
        ..EMPTY
    };
    OrderItem = Definition {
        name: "OrderItem",
        key_prefix: "802",
        number: Some("OrderItemNumber"),
        fields: &[
            (Text, &["OrderItemNumber", "Description"]),
            (Double, &["Quantity", "AvailableQuantity"]),
            (Currency, &["UnitPrice", "ListPrice", "TotalPrice"]),
            (Date, &["ServiceDate"]),
        ],
        picklists: &[CURRENCIES],
        parents: &[
            Parent { name: "Order", object: Object::Order, children: Some("OrderItems") },
            Parent { name: "Product2", object: Object::Product2, children: None },
            Parent { name: "OriginalOrderItem", object: Object::OrderItem, children: None },
        ],
        ..EMPTY
    };
    Contact = Definition {
        name: "Contact",
        key_prefix: "003",
        fields: &[
            (Text, &["FirstName", "LastName", "Name", "Store__c", "Tags__c"]),
            (Email, &["Email"]),
            (Phone, &["Phone", "MobilePhone"]),
            (Text, &["Yotpo_Customer_Id__c", "Yotpo_VIP_Tier__c"]),
            (Double, &["Yotpo_Points_Balance__c", "Yotpo_Points_Earned__c"]),
            (Date, &["Yotpo_VIP_Tier_Ends__c"]),
            (Boolean, &["Yotpo_Opt_In__c"]),
            (Url, &["Yotpo_Referral_Link__c"]),
            (DateTime, &["Yotpo_Last_Sync__c"]),
            (Boolean, &["Opt_In__c"]),
        ],
        parents: &[
            Parent { name: "Account", object: Object::Account, children: None },
            // Where a merge has gone: <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm>
            Parent { name: "MasterRecord", object: Object::Contact, children: None },
        ],
        ..EMPTY
    };
    Account = Definition {
        name: "Account",
        key_prefix: "001",
        fields: &[
            (Text, &["Name", "FirstName", "LastName", "PersonContactId"]),
            (Email, &["PersonEmail"]),
            (Phone, &["Phone", "PersonMobilePhone"]),
            (Boolean, &["IsPersonAccount"]),
            (Text, &["Yotpo_Customer_Id__c", "Yotpo_VIP_Tier__c"]),
            (Double, &["Yotpo_Points_Balance__c", "Yotpo_Points_Earned__c"]),
            (Date, &["Yotpo_VIP_Tier_Ends__c"]),
            (Boolean, &["Yotpo_Opt_In__c"]),
            (Url, &["Yotpo_Referral_Link__c"]),
            (DateTime, &["Yotpo_Last_Sync__c"]),
        ],
        parents: &[Parent { name: "MasterRecord", object: Object::Account, children: None }],
        ..EMPTY
    };
    Product2 = Definition {
        name: "Product2",
        key_prefix: "01t",
        fields: &[
            (Text, &["Name", "ProductCode", "StockKeepingUnit", "Family", "ExternalId"]),
            (LongText, &["Description"]),
            (Url, &["DisplayUrl"]),
            (Boolean, &["IsActive"]),
        ],
        picklists: &[CURRENCIES],
        ..EMPTY
    };
    /// There only in an org with Order Management, as the two that follow.
    OrderSummary = Definition {
        name: "OrderSummary",
        key_prefix: "1Os",
        given: false,
        parents: &[Parent { name: "OriginalOrder", object: Object::Order, children: None }],
        ..EMPTY
    };
    /// A cancellation or a return of some of a line:
    /// <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_orderitemsummarychange.htm>
    OrderItemSummaryChange = Definition {
        name: "OrderItemSummaryChange",
        key_prefix: "0cs",
        given: false,
        fields: &[(Text, &["Reason"]), (Boolean, &["IsPreFulfillment"])],
        picklists: &[("ChangeType", &["Cancel", "Return", "Add", "ProductAdjustment", "DeliveryChargeAdjustment"])],
        parents: &[
            Parent { name: "OrderSummary", object: Object::OrderSummary, children: None },
            Parent { name: "ChangeOrderItem", object: Object::OrderItem, children: None },
        ],
        ..EMPTY
    };
    /// There only where the org tracks a field of Order.
    OrderHistory = Definition {
        name: "OrderHistory",
        key_prefix: "017",
        given: false,
        fields: &[(Text, &["Field", "OldValue", "NewValue"])],
        parents: &[Parent { name: "Order", object: Object::Order, children: Some("Histories") }],
        ..EMPTY
    };
    /// There only with a licence for B2B Commerce.
    Coupon = Definition {
        name: "Coupon",
        key_prefix: "0cX",
        given: false,
        fields: &[(Text, &["CouponCode", "PromotionId", "Status"])],
        ..EMPTY
    };
    /// A reward that a customer has taken at Yotpo Loyalty.
    YotpoReward = Definition {
        name: "Yotpo_Reward__c",
        key_prefix: "a00",
        fields: &[
            (Text, &["Redemption_Id__c", "Coupon_Code__c", "Redemption_Option_Id__c", "Status__c", "Store__c"]),
            (Double, &["Points__c"]),
        ],
        parents: &[
            Parent { name: "Contact__r", object: Object::Contact, children: None },
            Parent { name: "Order__r", object: Object::Order, children: None },
        ],
        ..EMPTY
    };
    /// A customer in one store of several.
    YotpoMembership = Definition {
        name: "Yotpo_Membership__c",
        key_prefix: "a01",
        fields: &[
            (Text, &["Yotpo_Membership_Key__c", "Store__c"]),
            (Text, &["Yotpo_Customer_Id__c", "Yotpo_VIP_Tier__c"]),
            (Double, &["Yotpo_Points_Balance__c", "Yotpo_Points_Earned__c"]),
            (Date, &["Yotpo_VIP_Tier_Ends__c"]),
            (Boolean, &["Yotpo_Opt_In__c"]),
            (Url, &["Yotpo_Referral_Link__c"]),
            (DateTime, &["Yotpo_Last_Sync__c"]),
        ],
        parents: &[Parent { name: "Contact__r", object: Object::Contact, children: None }],
        ..EMPTY
    };
}
