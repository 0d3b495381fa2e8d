//! All accounts, and how Yotpo behaves.

use std::collections::BTreeMap;

use axum::response::Response;

use super::account::Account;
use super::error::of_status;
use super::settings::Settings;
use crate::call::Vendor;
use crate::faults::Endpoint;

#[derive(Default)]
pub(crate) struct World {
    /// By guid.
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) settings: Settings,
    /// Redemptions, of all accounts.
    pub(super) redeemed: u64,
}

impl World {
    /// The account with this guid, new if need be.
    pub(super) fn open(&mut self, guid: &str) -> &mut Account {
        self.accounts.entry(guid.to_owned()).or_insert_with(|| Account::new(guid))
    }
}

impl Vendor for World {
    fn error(_: Endpoint, code: u16) -> Response {
        of_status(code)
    }

    /// There are none.
    fn expire_tokens(&mut self) {}
}
