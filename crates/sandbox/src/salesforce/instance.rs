//! All of Salesforce: an org, who may use it, and what is being read from it.

use super::cursors::Cursors;
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
}
