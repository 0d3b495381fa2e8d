//! AWS with constant answers, each service under an address of its own, as it is on AWS: a process shakes hands with each.

use crate::{error::Error, functions::Function, trust::Authority};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::HeaderMap,
    response::IntoResponse,
    serve::Listener,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const STACK: &str = "bench";
/// By the variables that the SDK reads their addresses from.
const SERVICES: [&str; 3] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS"];

/// The secrets' contents, by the vendor's name.
type Secrets = Arc<Mutex<BTreeMap<String, String>>>;

/// Servers that answer whatever a function asks AWS for.
pub(crate) struct Backends {
    addresses: Vec<(&'static str, SocketAddr)>,
    secrets: Secrets,
}

impl Backends {
    /// One for each service, until the process ends.
    pub(crate) async fn start(authority: &Authority) -> Result<Self, Error> {
        let secrets = Secrets::default();
        let mut addresses = Vec::new();
        for service in SERVICES {
            let tcp = TcpListener::bind("127.0.0.1:0").await.map_err(Error::io("listen"))?;
            addresses.push((service, tcp.local_addr().map_err(Error::io("listen"))?));
            let listener = Encrypted { tcp, acceptor: TlsAcceptor::from(authority.server()) };
            let routes =
                Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&secrets));
            tokio::spawn(async move {
                // It ends with the process.
                let _ = axum::serve(listener, routes).await;
            });
        }
        Ok(Self { addresses, secrets })
    }

    /// The secrets that a function asks for.
    pub(crate) fn fill(&self, function: &Function) {
        let secrets = function.secrets.iter().map(|(name, content)| (format!("{STACK}/{name}"), content.to_string()));
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets.collect();
    }

    /// What a function's process finds in its environment.
    pub(crate) fn environment(&self, config: &Path, function: &Function) -> Result<Vec<(String, String)>, Error> {
        let config = config.canonicalize().map_err(Error::io(format!("find {}", config.display())))?;
        let mut environment: Vec<(String, String)> = self
            .addresses
            .iter()
            .map(|(name, address)| ((*name).to_owned(), format!("https://localhost:{}", address.port())))
            .collect();
        let queue = |name: &str| format!("https://sqs.eu-central-1.amazonaws.com/000000000000/{name}");
        let fixed = [
            ("RELAY_CONFIG", config.display().to_string()),
            ("STACK_NAME", STACK.to_owned()),
            ("LEDGER_TABLE", "ledger".to_owned()),
            ("QUEUE_URL", queue("queue")),
            ("DEAD_LETTER_QUEUE_URL", queue("dead-letters")),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "of no use".to_owned()),
            ("AWS_SESSION_TOKEN", "of no use".to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
        ];
        environment.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
        environment.extend(function.environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), function.memory.to_string()));
        Ok(environment)
    }
}

/// Everything is well, whatever was asked.
async fn answer(State(secrets): State<Secrets>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let content = match operation {
        "GetSecretValue" => {
            let name = asked["SecretId"].as_str().unwrap_or_default();
            let secrets = secrets.lock().unwrap_or_else(PoisonError::into_inner);
            json!({"Name": name, "ARN": name, "VersionId": "1", "SecretString": secrets.get(name)})
        }
        "SendMessageBatch" => {
            let entries = asked["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
            let sent = entries.iter().map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
            json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []})
        }
        _ => json!({}),
    };
    ([("content-type", "application/x-amz-json-1.0")], content.to_string())
}

/// TLS on a port.
struct Encrypted {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Encrypted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            // As AWS's front ends do; otherwise a loopback answer waits for its acknowledgement.
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
