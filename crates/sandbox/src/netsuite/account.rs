//! All of an account: who may use it, what is in it, how it behaves.

use std::collections::BTreeMap;

use super::access::Access;
use super::fulfilment::Fulfilment;
use super::lists::Lists;
use super::load::Load;
use super::records::Records;
use super::settings::Settings;

#[derive(Default)]
pub(crate) struct Account {
    /// Of every path, without a slash.
    pub(crate) base_url: String,
    pub(crate) settings: Settings,
    pub(crate) access: Access,
    pub(crate) load: Load,
    pub(crate) lists: Lists,
    pub(crate) records: Records,
    /// By internal id.
    pub(crate) fulfilments: BTreeMap<u64, Fulfilment>,
    /// What a script of the account says against records with these external ids.
    pub(crate) scripts: BTreeMap<String, String>,
}
