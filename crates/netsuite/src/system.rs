//! What an account says about itself. Both ask for permissions that a least-privilege role need not have.

use rest::Request;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Error,
    client::{Client, Service},
};

/// How many calls at a time: <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0625010817.html>.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceLimits {
    /// All web services and RESTlets of the account together.
    pub account_concurrency_limit: u32,
    /// What no integration has been given for itself.
    pub account_unallocated_concurrency_limit: u32,
    /// What this integration has been given, where it has.
    #[serde(default)]
    pub integration_concurrency_limit: Option<u32>,
    /// `integrationSpecific`, or `accountLimit` where all share.
    pub integration_limit_type: String,
}

impl Client {
    /// The account's limits: `GET /services/rest/system/v1/governanceLimits`, for administrators.
    pub async fn governance_limits(&self) -> Result<GovernanceLimits, Error> {
        let url = self.credentials.suitetalk.join(&["services", "rest", "system", "v1", "governanceLimits"]);
        self.read(Request::get(url)).await
    }

    /// A record type's JSON schema in this account, custom fields included:
    /// `GET /services/rest/record/v1/metadata-catalog/{record_type}`.
    pub async fn metadata(&self, record_type: &str) -> Result<Value, Error> {
        let segments = ["services", "rest", "record", "v1", "metadata-catalog", record_type];
        let mut request = Request::get(self.credentials.suitetalk.join(&segments));
        request.headers.push(("Accept", "application/schema+json"));
        self.read(request).await
    }

    async fn read<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, Error> {
        let reply = self.send(Service::WebService, request).await.map_err(Error::of_a_read)?;
        reply.json().map_err(|error| Error::from(error).of_a_read())
    }
}
