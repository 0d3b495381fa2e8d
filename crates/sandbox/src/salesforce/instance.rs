//! All of Salesforce: an org, who may use it, and what is being read from it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::cursors::Cursors;
use super::id::SfId;
use super::org::Org;
use super::sessions::{App, Sessions};
use super::settings::Settings;

#[derive(Default)]
pub(crate) struct Instance {
    /// `instance_url`, without a slash.
    pub(crate) base_url: String,
    pub(crate) settings: Settings,
    pub(crate) app: App,
    pub(crate) sessions: Sessions,
    pub(crate) cursors: Cursors,
    pub(crate) org: Org,
    /// Accounts that somebody is writing to, and until when.
    pub(super) locks: BTreeMap<SfId, DateTime<Utc>>,
}
