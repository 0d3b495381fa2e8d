//! RESTlets, the account's custom APIs: <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4618456734.html>.

use rest::{Method, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Error,
    client::{Client, Service},
};

impl Client {
    /// Posts to a RESTlet, by the ids of its script and deployment (`customscript_…` and `customdeploy_…`, or numbers). An error that
    /// the script caught comes as HTTP 200 with `{"error":{"code","message"}}`, and is an error here.
    pub async fn restlet<T: DeserializeOwned>(&self, script: &str, deploy: &str, body: &Value) -> Result<T, Error> {
        let mut url = self.credentials.restlets.join(&["app", "site", "hosting", "restlet.nl"]);
        url.query_pairs_mut().append_pair("script", script).append_pair("deploy", deploy);
        let reply = self.send(Service::Restlet, Request::json(Method::Post, url, body)?).await?;
        Ok(reply.json()?)
    }
}
