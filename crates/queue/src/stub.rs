//! SQS in a test, behind the SDK: it answers what it is told to, and remembers what it was asked.

use crate::Queue;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use serde_json::{Value, json};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;

type Answer = Arc<dyn Fn(&[Value], Instant) -> (u16, Value) + Send + Sync>;
type Calls = Arc<Mutex<Vec<(Instant, Vec<Value>)>>>;

/// An SQS that answers to the entries of a call.
#[derive(Clone)]
pub(crate) struct Sqs {
    answer: Answer,
    calls: Calls,
}

impl fmt::Debug for Sqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sqs")
    }
}

impl HttpClient for Sqs {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sqs {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let entries = body["Entries"].as_array().cloned().unwrap_or_default();
        self.calls.lock().unwrap().push((Instant::now(), entries.clone()));
        let (status, answer) = (self.answer)(&entries, Instant::now());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok::<_, ConnectorError>(response))
    }
}

impl Sqs {
    pub(crate) fn new(answer: impl Fn(&[Value], Instant) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), calls: Arc::default() }
    }

    /// It answers 200, and of each entry what `code` says of its body: a code, or that it was taken.
    pub(crate) fn of_each(code: impl Fn(&str, Instant) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self::new(move |entries, at| {
            let code = |entry: &Value| code(entry["MessageBody"].as_str().unwrap_or_default(), at);
            let taken = entries.iter().filter(|entry| code(entry).is_none());
            let successful: Vec<_> =
                taken.map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""})).collect();
            let failed = entries
                .iter()
                .filter_map(|entry| Some(json!({"Id": entry["Id"], "Code": code(entry)?, "SenderFault": true})));
            (200, json!({"Successful": successful, "Failed": failed.collect::<Vec<_>>()}))
        })
    }

    pub(crate) fn queue(&self) -> Queue {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .http_client(SharedHttpClient::new(self.clone()))
            .retry_config(RetryConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build();
        Queue::new(&config, "http://sqs.invalid/1/queue")
    }

    /// When it was called, and with how many entries.
    pub(crate) fn calls(&self) -> Vec<(Instant, usize)> {
        self.calls.lock().unwrap().iter().map(|(at, entries)| (*at, entries.len())).collect()
    }

    /// Every entry that it got, in order.
    pub(crate) fn entries(&self) -> Vec<Value> {
        self.calls.lock().unwrap().iter().flat_map(|(_, entries)| entries.clone()).collect()
    }
}
