//! Salesforce: token, query, describe, limits. Facts: the REST API Developer Guide,
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/>.

mod cell;
mod cursors;
mod describe;
mod document;
pub(crate) mod error;
mod id;
mod org;
mod page;
mod query;
mod routes;
pub(crate) mod schema;
mod soql;
mod token;

pub(crate) use id::SfId;
pub use org::BadRecord;
pub(crate) use routes::routes;

use cursors::Cursors;
use org::Org;
use token::{App, Sessions};

/// The org and who is logged in to it.
#[derive(Default)]
pub(crate) struct Salesforce {
    pub(crate) app: App,
    pub(crate) sessions: Sessions,
    pub(crate) cursors: Cursors,
    pub(crate) org: Org,
}
