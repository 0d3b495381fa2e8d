//! The objects of the simulated org and their fields. <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/>

use std::collections::HashMap;

/// An sObject of the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Object {
    Order,
    OrderItem,
    Contact,
    Account,
    Product2,
    /// There only where the org tracks a field of Order.
    OrderHistory,
}

impl Object {
    pub(crate) const ALL: [Self; 6] =
        [Self::Order, Self::OrderItem, Self::Contact, Self::Account, Self::Product2, Self::OrderHistory];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Order => "Order",
            Self::OrderItem => "OrderItem",
            Self::Contact => "Contact",
            Self::Account => "Account",
            Self::Product2 => "Product2",
            Self::OrderHistory => "OrderHistory",
        }
    }

    pub(crate) const fn key_prefix(self) -> &'static str {
        match self {
            Self::Order => "801",
            Self::OrderItem => "802",
            Self::Contact => "003",
            Self::Account => "001",
            Self::Product2 => "01t",
            Self::OrderHistory => "017",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.name().eq_ignore_ascii_case(name))
    }
}

/// The type of a field, in describe's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    LongText,
    Email,
    Phone,
    Url,
    Picklist,
    Boolean,
    Double,
    Currency,
    Date,
    DateTime,
    Reference,
}

impl Kind {
    const NAMES: [(Self, &'static str); 13] = [
        (Self::Id, "id"),
        (Self::Text, "string"),
        (Self::LongText, "textarea"),
        (Self::Email, "email"),
        (Self::Phone, "phone"),
        (Self::Url, "url"),
        (Self::Picklist, "picklist"),
        (Self::Boolean, "boolean"),
        (Self::Double, "double"),
        (Self::Currency, "currency"),
        (Self::Date, "date"),
        (Self::DateTime, "datetime"),
        (Self::Reference, "reference"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("anyType", |(_, name)| name)
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, candidate)| *candidate == name).map(|(kind, _)| *kind)
    }
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) calculated: bool,
    /// Relationship name and the object it leads to.
    pub(crate) parent: Option<(String, Object)>,
    pub(crate) picklist: Vec<String>,
}

impl Field {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, calculated: false, parent: None, picklist: Vec::new() }
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }
}

/// The fields of one object. Columns never move; a field that is removed leaves its column unused.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    columns: Vec<Option<Field>>,
    /// Columns by the exact name: documents of a hundred thousand orders are read through this.
    by_name: HashMap<String, usize>,
}

impl Schema {
    pub(crate) fn standard(object: Object) -> Self {
        let common = [
            ("Id", Kind::Id),
            ("SystemModstamp", Kind::DateTime),
            ("CreatedDate", Kind::DateTime),
            ("LastModifiedDate", Kind::DateTime),
            ("IsDeleted", Kind::Boolean),
        ];
        let mut columns: Vec<_> =
            common.iter().chain(plain(object)).map(|(name, kind)| Field::new(name, *kind)).collect();
        columns.extend(parents(object).iter().map(|(name, relationship, to)| Field {
            parent: Some(((*relationship).to_owned(), *to)),
            ..Field::new(name, Kind::Reference)
        }));
        for (name, values) in picklists(object) {
            let picklist = values.iter().map(|value| (*value).to_owned()).collect();
            columns.push(Field { picklist, ..Field::new(name, Kind::Picklist) });
        }
        if object == Object::Order {
            columns.push(Field { calculated: true, ..Field::new("Completed_Formula__c", Kind::DateTime) });
        }
        let mut schema = Self { columns: Vec::new(), by_name: HashMap::new() };
        for field in columns {
            schema.add(field);
        }
        schema
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.columns.iter().enumerate().filter_map(|(column, field)| Some((column, field.as_ref()?)))
    }

    /// Field names are not case-sensitive.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &Field)> {
        match self.by_name.get(name) {
            Some(column) => Some((*column, self.columns[*column].as_ref()?)),
            None => self.fields().find(|(_, field)| field.name.eq_ignore_ascii_case(name)),
        }
    }

    pub(crate) fn find_parent(&self, relationship: &str) -> Option<(usize, &str, Object)> {
        self.fields().find_map(|(column, field)| {
            let (name, to) = field.parent.as_ref()?;
            name.eq_ignore_ascii_case(relationship).then_some((column, name.as_str(), *to))
        })
    }

    pub(crate) fn add(&mut self, field: Field) {
        self.remove(&field.name);
        self.by_name.insert(field.name.clone(), self.columns.len());
        self.columns.push(Some(field));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some((column, _)) = self.find(name) {
            let field = self.columns[column].take();
            field.map(|field| self.by_name.remove(&field.name));
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }
}

fn plain(object: Object) -> &'static [(&'static str, Kind)] {
    match object {
        Object::Order => &[
            ("OrderNumber", Kind::Text),
            ("EffectiveDate", Kind::Date),
            ("EndDate", Kind::Date),
            ("ActivatedDate", Kind::DateTime),
            ("TotalAmount", Kind::Currency),
            ("IsReductionOrder", Kind::Boolean),
            ("Description", Kind::LongText),
            ("PoNumber", Kind::Text),
            ("OrderReferenceNumber", Kind::Text),
            ("BillingEmailAddress", Kind::Email),
            ("Store__c", Kind::Text),
            ("Is_Test__c", Kind::Boolean),
            ("Completed_On__c", Kind::Date),
        ],
        Object::OrderItem => &[
            ("OrderItemNumber", Kind::Text),
            ("Quantity", Kind::Double),
            ("AvailableQuantity", Kind::Double),
            ("UnitPrice", Kind::Currency),
            ("ListPrice", Kind::Currency),
            ("TotalPrice", Kind::Currency),
            ("Description", Kind::Text),
            ("ServiceDate", Kind::Date),
        ],
        Object::Contact => &[
            ("Email", Kind::Email),
            ("FirstName", Kind::Text),
            ("LastName", Kind::Text),
            ("Name", Kind::Text),
            ("Phone", Kind::Phone),
            ("MobilePhone", Kind::Phone),
        ],
        Object::Account => &[
            ("Name", Kind::Text),
            ("IsPersonAccount", Kind::Boolean),
            ("PersonEmail", Kind::Email),
            ("FirstName", Kind::Text),
            ("LastName", Kind::Text),
            ("Phone", Kind::Phone),
            ("PersonMobilePhone", Kind::Phone),
        ],
        Object::Product2 => &[
            ("Name", Kind::Text),
            ("ProductCode", Kind::Text),
            ("StockKeepingUnit", Kind::Text),
            ("Family", Kind::Text),
            ("Description", Kind::LongText),
            ("DisplayUrl", Kind::Url),
            ("ExternalId", Kind::Text),
            ("IsActive", Kind::Boolean),
        ],
        Object::OrderHistory => &[("Field", Kind::Text), ("OldValue", Kind::Text), ("NewValue", Kind::Text)],
    }
}

fn parents(object: Object) -> &'static [(&'static str, &'static str, Object)] {
    match object {
        Object::Order => &[
            ("AccountId", "Account", Object::Account),
            ("BillToContactId", "BillToContact", Object::Contact),
            ("ShipToContactId", "ShipToContact", Object::Contact),
            ("OriginalOrderId", "OriginalOrder", Object::Order),
        ],
        Object::OrderItem => &[("OrderId", "Order", Object::Order), ("Product2Id", "Product2", Object::Product2)],
        Object::Contact => &[("AccountId", "Account", Object::Account)],
        Object::OrderHistory => &[("OrderId", "Order", Object::Order)],
        Object::Account | Object::Product2 => &[],
    }
}

fn picklists(object: Object) -> &'static [(&'static str, &'static [&'static str])] {
    match object {
        Object::Order => &[
            ("Status", &["Draft", "Activated", "Completed", "Canceled"]),
            ("StatusCode", &["Draft", "Activated", "Canceled", "Expired"]),
            ("Type", &["Web", "Retail", "Test"]),
            ("CurrencyIsoCode", &["USD", "EUR", "INR", "GBP", "JPY"]),
        ],
        Object::OrderItem | Object::Product2 => &[("CurrencyIsoCode", &["USD", "EUR", "INR", "GBP", "JPY"])],
        Object::Contact | Object::Account | Object::OrderHistory => &[],
    }
}
