//! The functions' own binaries against a bare Runtime API and an AWS that has hardly anything: how a failure is named, and how
//! often it is said. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

#![expect(clippy::unwrap_used, reason = "it is a test")]

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What the function is invoked with, in order, and where it says how that went.
struct Runtime {
    events: Mutex<VecDeque<Value>>,
    said: Mutex<mpsc::Sender<(String, Value)>>,
}

impl Runtime {
    /// One request, answered; `None` when there is nothing to say for ever.
    fn answer(&self, request: &str, headers: &[String], body: &[u8]) -> Option<(u16, Vec<String>, Value)> {
        let path = request.split(' ').nth(1).unwrap();
        if path.ends_with("/invocation/next") {
            let mut events = self.events.lock().unwrap();
            let left = events.len();
            let event = events.pop_front()?;
            let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_mins(1);
            let headers = vec![
                format!("lambda-runtime-aws-request-id: r-{left}"),
                format!("lambda-runtime-deadline-ms: {}", soon.as_millis()),
                "lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:f".to_owned(),
            ];
            return Some((200, headers, event));
        }
        if path.contains("/invocation/") {
            let (path, end) = path.rsplit_once('/').unwrap();
            let id = path.rsplit('/').next().unwrap().to_owned();
            let said = serde_json::from_slice(body).unwrap_or(Value::Null);
            self.said.lock().unwrap().send((format!("{id} {end}"), said)).unwrap();
            return Some((202, Vec::new(), json!({})));
        }
        let target = headers.iter().find_map(|line| line.strip_prefix("x-amz-target: ")).unwrap_or_default();
        let wanted: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        Some(match (target.rsplit('.').next().unwrap(), wanted["SecretId"].as_str()) {
            ("GetSecretValue", Some(name)) if name.starts_with("good/") => {
                let salesforce =
                    json!({"login_url": "https://acme.my.salesforce.com", "client_id": "c", "client_secret": "s"});
                let yotpo = json!({"stores": {"default": {"app_key": "k", "secret_key": "s"}}});
                let secret = if name.ends_with("yotpo") { yotpo } else { salesforce };
                (200, Vec::new(), json!({"Name": name, "SecretString": secret.to_string()}))
            }
            ("GetSecretValue", _) => (400, Vec::new(), json!({"__type": "ResourceNotFoundException"})),
            _ => (500, Vec::new(), json!({"__type": "InternalServerError"})),
        })
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push(line.trim().to_owned());
            }
            let headers: Vec<String> = head[1..]
                .iter()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
                .collect();
            let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let Some((status, more, answer)) = self.answer(&head[0], &headers, &body) else {
                // Nothing more to do: the process waits until it is ended.
                thread::park();
                continue;
            };
            let answer = answer.to_string();
            let length = format!("content-length: {}", answer.len());
            let lines = [vec![format!("HTTP/1.1 {status} -")], more, vec![length, String::new(), String::new()]];
            let head = lines.concat().join("\r\n");
            reader.get_mut().write_all((head + &answer).as_bytes()).unwrap();
        }
    }
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Invokes a function with each event: what Lambda was told, and every line that the function printed.
fn invoke(binary: &str, stack: &str, events: &[Value]) -> (Vec<(String, Value)>, Vec<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (said, hears) = mpsc::channel();
    let runtime = Arc::new(Runtime { events: Mutex::new(events.iter().cloned().collect()), said: Mutex::new(said) });
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let runtime = Arc::clone(&runtime);
            thread::spawn(move || runtime.serve(stream));
        }
    });
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/config/relay.toml");
    let endpoint = format!("http://{address}");
    let environment = [
        ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "f".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "id".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "key".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint.clone()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ("RELAY_CONFIG", settings.to_owned()),
        ("STACK_NAME", stack.to_owned()),
        ("LEDGER_TABLE", "ledger".to_owned()),
        ("QUEUE_URL", format!("{endpoint}/1/queue")),
        ("DEAD_LETTER_QUEUE_URL", format!("{endpoint}/1/dead-letters")),
        ("VENDOR_CONCURRENCY", "4".to_owned()),
        ("MAX_RECEIVE_COUNT", "200".to_owned()),
    ];
    let mut child = Command::new(binary);
    child.env_clear().envs(environment).stdout(Stdio::piped());
    let mut child = Ended(child.spawn().unwrap());
    let lines = BufReader::new(child.0.stdout.take().unwrap());
    let told: Vec<_> = events.iter().map(|_| hears.recv_timeout(Duration::from_mins(1)).unwrap()).collect();
    drop(child);
    (told, lines.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

/// The lines of an invocation that say that something failed: level, message and the runtime's or our own target.
fn errors(lines: &[Value], request_id: &str) -> Vec<String> {
    let of = |line: &&Value| line["level"] == "ERROR" && line["request_id"] == request_id;
    lines.iter().filter(of).map(|line| format!("{} {}", line["message"], line["error_type"])).collect()
}

#[test]
fn a_failure_has_a_name_and_one_line() {
    let (producer, consumer) = (env!("CARGO_BIN_EXE_reviews-producer"), env!("CARGO_BIN_EXE_reviews-consumer"));
    let reconciler = env!("CARGO_BIN_EXE_reviews-reconciler");
    let night = json!({"scheduled_at": "2026-11-21T02:15:00Z"});
    let day = json!({"business_day": "2999-01-01"});
    let run = "\"the run failed\"";
    for (binary, stack, event, name, message, line) in [
        (producer, "good", json!({"scheduled_at": "yesterday"}), "BadEvent", "`scheduled_at` is \"yesterday\"", run),
        (producer, "good", day, "BadEvent", "2999-01-01", run),
        (producer, "good", night.clone(), "Unavailable", "the ledger did not read a cursor: ", run),
        (reconciler, "good", night.clone(), "Unavailable", "the ledger did not ", run),
        (consumer, "good", json!({"Records": 7}), "BadEvent", "not an SQS batch: a field", run),
        (consumer, "good", json!({"Records": [{"messageId": "m"}]}), "BadEvent", "no `receiptHandle`", run),
        (producer, "none", night, "Misconfigured", "secret `none/salesforce` does not exist", "\"cold start failed\""),
        (consumer, "none", json!({"Records": []}), "Misconfigured", "secret `none/yotpo`", "\"cold start failed\""),
    ] {
        let (told, lines) = invoke(binary, stack, std::slice::from_ref(&event));
        let [(end, diagnostic)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((end.as_str(), diagnostic["errorType"].as_str()), ("r-1 error", Some(name)), "{diagnostic}");
        let said = diagnostic["errorMessage"].as_str().unwrap();
        assert!(said.contains(message), "{said}");
        let errors = errors(&lines, "r-1");
        assert!(errors.len() == 1 && errors[0].starts_with(line), "{event}: {errors:?}");
    }
}
