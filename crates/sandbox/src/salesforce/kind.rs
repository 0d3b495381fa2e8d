//! The types of fields.

/// The type of a field.
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

/// Each with the name and the length that describe gives it.
const KINDS: [(Kind, &str, u32); 13] = [
    (Kind::Id, "id", 18),
    (Kind::Text, "string", 255),
    (Kind::LongText, "textarea", 32_000),
    (Kind::Email, "email", 80),
    (Kind::Phone, "phone", 40),
    (Kind::Url, "url", 255),
    (Kind::Picklist, "picklist", 255),
    (Kind::Boolean, "boolean", 0),
    (Kind::Double, "double", 0),
    (Kind::Currency, "currency", 0),
    (Kind::Date, "date", 0),
    (Kind::DateTime, "datetime", 0),
    (Kind::Reference, "reference", 18),
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    pub(crate) fn length(self) -> u32 {
        KINDS[self as usize].2
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, candidate, _)| *candidate == name).map(|(kind, ..)| *kind)
    }
}
