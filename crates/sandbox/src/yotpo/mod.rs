//! Yotpo Reviews, the "v1" purchases API. Facts: <https://core-api.yotpo.com/v1.0/reference/introduction-to-purchases>,
//! <https://support.yotpo.com/docs/troubleshooting-orders-that-arent-created-when-using-api-calls>.

mod account;
mod check;
pub(crate) mod error;
mod purchases;
mod read;
mod routes;
mod token;

pub(crate) use account::Account;
pub(crate) use routes::routes;

use std::collections::{BTreeMap, BTreeSet};

use token::Utokens;

/// The accounts at Yotpo, by app key.
pub(crate) struct Yotpo {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: Utokens,
    /// Order ids that are refused with 400.
    pub(crate) refused: BTreeSet<String>,
}

impl Default for Yotpo {
    /// One account, `sandbox-default`.
    fn default() -> Self {
        let account = Account::new("sandbox-default-secret".to_owned());
        Self {
            accounts: BTreeMap::from([("sandbox-default".to_owned(), account)]),
            tokens: Utokens::default(),
            refused: BTreeSet::new(),
        }
    }
}
