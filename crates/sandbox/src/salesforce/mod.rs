//! Salesforce: token, query, describe, limits, collections. Facts: the REST API Developer Guide,
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/>.

mod cell;
mod cursors;
mod describe;
mod endpoints;
mod error;
mod handle;
mod id;
mod instance;
mod kind;
mod objects;
mod org;
mod page;
mod query;
mod request;
mod routes;
mod schema;
mod sessions;
mod settings;
mod soql;
mod table;
mod token;
mod write;

pub use endpoints::*;
pub use handle::Salesforce;
pub(crate) use id::SfId;
pub use org::BadRecord;
pub use settings::{Settings, TooMuch};
