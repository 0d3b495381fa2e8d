//! AWS for one process: the SDK's configuration, whose HTTP client ends in the simulated services.

use crate::{
    clock,
    fault::Fault,
    functions::{Caller, PRODUCERS_TRACE},
    network::{Broken, carry, page},
    world::{Sim, World},
};
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{rt::sleep::TokioSleep, time::SharedTimeSource};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use bytes::Bytes;
use chrono::DateTime;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use std::fmt;

/// What the SDK takes for the network.
#[derive(Clone)]
struct Wire {
    sim: Sim,
    caller: Caller,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({:?})", self.caller)
    }
}

/// The configuration of a process's clients. The region is the process's own, since the SDK keeps its retry budget for
/// all clients of a region in a static variable: one run would see another's.
pub(crate) fn sdk_config(sim: &Sim, caller: Caller, seed: u64) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(format!("simulated-{seed}-{}", caller.process)))
        .endpoint_url("http://aws.invalid")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "simulation")))
        .http_client(SharedHttpClient::new(Wire { sim: sim.clone(), caller }))
        .retry_config(RetryConfig::standard())
        .timeout_config(aws::timeouts())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(clock::Signing))
        .build()
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl Wire {
    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let Self { sim, caller } = self;
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = ByteStream::new(request.into_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::user(error.into()))?.into_bytes();
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let operation = target.split('.').next_back().unwrap_or_default().to_owned();
        sim.lock().bill.request(caller.function, &operation, &request, body.len());
        let Some(effect) = caller.function.calls_aws(&operation, &request) else {
            let unknown = format!("{:?} makes a call that is not on its list: {target} {request}", caller.function);
            sim.lock().problems.push(unknown);
            return Err(ConnectorError::other("not an effect".into(), None));
        };
        let service = sim.clone();
        let serve = async move { serve(&service, caller, &operation, &request) };
        match carry(sim, caller, effect, serve, error).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let status = parts.status.as_u16().try_into().map_err(|_| Broken::Lost);
                Ok(HttpResponse::new(status.map_err(|e| ConnectorError::other(e.into(), None))?, SdkBody::from(body)))
            }
            Err(broken @ Broken::Refused) => Err(ConnectorError::io(broken.into()).never_connected()),
            Err(broken @ Broken::Lost) => Err(ConnectorError::io(broken.into())),
        }
    }
}

fn serve(sim: &Sim, caller: Caller, operation: &str, request: &Value) -> Response<Bytes> {
    if operation == "UpdateItem" {
        certified(sim, request);
    }
    let mut world = sim.lock();
    let World { chance, queues, table, bill, secrets, .. } = &mut *world;
    let usage = bill.of(caller.function);
    let of_sqs = |(status, code): (u16, &str)| (status, json!({"__type": format!("com.amazonaws.sqs#{code}")}));
    let answer = match operation {
        "SendMessageBatch" => queues.send(chance, request).map_err(of_sqs).map(|(answer, taken)| {
            sent(&mut world, caller, request, &taken);
            answer
        }),
        "ChangeMessageVisibilityBatch" => queues.hide(chance, request).map_err(of_sqs).map(|(answer, hidden)| {
            for (key, until) in hidden {
                let early = world.watch.hidden(caller, &key, until, clock::now());
                world.problems.extend(early);
            }
            answer
        }),
        "GetQueueAttributes" => Ok(queues.depth()),
        "Query" => table.query(usage, request),
        "GetItem" => table.get(chance, usage, request),
        "BatchGetItem" => table.batch_get(chance, usage, request),
        "UpdateItem" => table.update(chance, usage, request).inspect(|_| updated(&mut world, request)),
        "GetSecretValue" => secret(secrets, request["SecretId"].as_str().unwrap_or_default()),
        other => Err((400, json!({"__type": "UnknownOperationException", "message": other}))),
    };
    drop(world);
    if operation == "SendMessageBatch" || operation == "ChangeMessageVisibilityBatch" {
        sim.sent().notify_waiters();
    }
    match answer {
        Ok(body) => reply(200, &body),
        Err((status, body)) => reply(status, &body),
    }
}

/// Whoever sends a message, again or elsewhere, it belongs to the trace of the producer that found the order.
fn sent(world: &mut World, caller: Caller, request: &Value, taken: &[String]) {
    for entry in request["Entries"].as_array().into_iter().flatten() {
        let trace = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].as_str();
        if trace != Some(PRODUCERS_TRACE) {
            world.problems.push(format!("a message is sent in the trace {trace:?}"));
        }
    }
    // Reads of the ledger are current.
    let known = world.chance.odds.stale == 0.0;
    for key in taken {
        let needless = world.watch.queued(caller.function, key, known, clock::now());
        world.problems.extend(needless);
    }
}

/// The ledger was told of an acceptance or of a new attempt, or a cursor was moved: what it says is so already.
fn updated(world: &mut World, request: &Value) {
    let key = request["Key"]["k"]["S"].as_str().unwrap_or_default();
    let reopens = request["UpdateExpression"].as_str().is_some_and(|update| update.contains("#repairs"));
    let accepted = match world.table.text(key, "state") {
        Some("accepted") => Some(true),
        Some("pending") if reopens => Some(false),
        _ => None,
    };
    if let Some(is_accepted) = accepted {
        world.books.accepted(key, is_accepted);
        world.watch.accepted(key, is_accepted.then(clock::now));
    }
    let until = key.starts_with("cursor/").then(|| world.table.number(key, "settled_until")).flatten();
    if let Some(until) = until.and_then(DateTime::from_timestamp_millis) {
        let World { watch, table, queues, problems, .. } = world;
        problems.extend(watch.settled(until, &queues.letters, |key| table.holds(key)));
    }
}

/// A certificate of the reviews flow is looked at when it is issued, whether or not it is kept.
fn certified(sim: &Sim, request: &Value) {
    if request["Key"]["k"]["S"].as_str().is_none_or(|key| !key.starts_with("certificate/reviews/")) {
        return;
    }
    let values = request["ExpressionAttributeValues"].as_object().into_iter().flat_map(|values| values.values());
    let Some(certificate) = values.filter_map(|value| value["S"].as_str()).find(|text| text.starts_with('{')) else {
        return;
    };
    let is_there = |app_key: &str, order: &str| {
        sim.vendors().yotpo.arrival(app_key, order).is_some_and(|arrival| arrival.effects > 0)
    };
    let mut world = sim.lock();
    let wrong = world.watch.certified(certificate, is_there);
    world.problems.extend(wrong);
}

fn secret(secrets: &std::collections::BTreeMap<String, Value>, name: &str) -> Result<Value, (u16, Value)> {
    let missing = || (400, json!({"__type": "ResourceNotFoundException"}));
    let secret = secrets.get(name).ok_or_else(missing)?;
    Ok(json!({"Name": name, "SecretString": secret.to_string()}))
}

fn error(fault: Fault) -> Response<Bytes> {
    match fault {
        Fault::Foreign(status) => page(status),
        Fault::Throttled => reply(400, &json!({"__type": "ThrottlingException", "message": "slow down"})),
        Fault::Denied => reply(400, &json!({"__type": "AccessDeniedException", "message": "not authorized"})),
        _ => reply(500, &json!({"__type": "InternalServerError", "message": "try again"})),
    }
}

fn reply(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
