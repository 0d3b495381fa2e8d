use serde::Deserialize;

/// The kind of shop that an account was made for, which decides where its API lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Accounts of the types *generic* and *custom*: `/api/v2`.
    #[default]
    Generic,
    /// Salesforce Commerce Cloud: `/commerce-cloud`, with the same parameters
    /// (<https://loyaltyapi.yotpo.com/reference/create-refund>).
    CommerceCloud,
}

impl Platform {
    /// The segments of a resource's path.
    pub(super) fn path(self, resource: &str) -> Vec<&str> {
        match self {
            Self::Generic => vec!["api", "v2", resource],
            Self::CommerceCloud => vec!["commerce-cloud", resource],
        }
    }
}
