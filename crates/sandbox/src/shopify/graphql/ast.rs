//! A document as written.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    pub(super) query: Vec<Selection>,
    pub(super) fragments: BTreeMap<String, Fragment>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fragment {
    /// The type that it is on.
    pub(super) on: String,
    pub(super) set: Vec<Selection>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selection {
    Field(Field),
    /// `...Name`
    Spread(String),
    /// `... on Type { … }`
    Inline(Fragment),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// The name that the answer has for it.
    pub(super) key: String,
    pub(super) arguments: Vec<(String, Argument)>,
    /// Empty for scalars.
    pub(super) set: Vec<Selection>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Variable(String),
    Given(Value),
}
