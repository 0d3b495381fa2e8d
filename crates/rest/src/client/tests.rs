use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::*;

/// Everything an error says, in every way it can be printed.
fn all_of(error: &dyn Error) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    let texts: Vec<String> = chain.map(|error| format!("{error} {error:?}")).collect();
    texts.join("\n")
}

async fn call(call_timeout: Duration, request: Request<'_>) -> Result<Reply, Failure> {
    Client::new(call_timeout).unwrap().send(request).await
}

async fn listener(scheme: &str) -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}/path?utoken=hunter2", listener.local_addr().unwrap());
    (listener, Url::parse(&url).unwrap())
}

/// Reads a request to the end of its head.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// What one call comes to when the server reads the request and then writes `answer` and closes.
async fn call_answered_with(answer: &'static str) -> Result<Reply, Failure> {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    };
    tokio::join!(call(Duration::from_secs(20), Request::get(url)), server).0
}

fn assert_unknown(failure: &Failure) {
    assert!(matches!(failure, Failure::Unknown { host, .. } if host == "127.0.0.1"), "{failure:?}");
    assert!(!all_of(failure).contains("hunter2"), "{}", all_of(failure));
}

fn assert_not_sent(failure: &Failure) {
    assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
    assert!(!all_of(failure).contains("hunter2"), "{}", all_of(failure));
}

#[tokio::test]
async fn a_closed_port_was_not_sent() {
    let (listener, url) = listener("http").await;
    drop(listener);
    assert_not_sent(&call(Duration::from_secs(20), Request::get(url)).await.unwrap_err());
}

#[tokio::test]
async fn an_unknown_host_was_not_sent() {
    let url = Url::parse("https://no-such-host.invalid/?utoken=hunter2").unwrap();
    assert_not_sent(&call(Duration::from_secs(2), Request::get(url)).await.unwrap_err());
}

#[tokio::test]
async fn a_host_that_does_not_speak_tls_was_not_sent() {
    let (listener, url) = listener("https").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Until the client hangs up: its alert tells that nothing else was sent.
        let mut sent = Vec::new();
        let _ = stream.read_to_end(&mut sent).await;
        sent
    };
    let (result, sent) = tokio::join!(call(Duration::from_secs(20), Request::get(url)), server);
    assert_not_sent(&result.unwrap_err());
    assert!(!String::from_utf8_lossy(&sent).contains("hunter2"));
}

#[tokio::test]
async fn a_handshake_that_never_ends_was_not_sent() {
    let (listener, url) = listener("https").await;
    assert_not_sent(&call(Duration::from_secs(2), Request::get(url)).await.unwrap_err());
    drop(listener);
}

#[tokio::test]
async fn what_cannot_be_sent_was_not_sent() {
    let (listener, url) = listener("http").await;
    let token = SecretString::from("hunter2\r\nX-Injected: 1");
    let request = Request { bearer: Some(&token), ..Request::get(url.clone()) };
    assert_not_sent(&call(Duration::from_secs(20), request).await.unwrap_err());
    let unwritable = std::collections::BTreeMap::from([((1, 2), "keys must be text")]);
    assert_not_sent(&Request::json(Method::Post, url, &unwritable).err().unwrap());
    drop(listener);
}

#[tokio::test]
async fn a_time_out_after_sending_is_unknown() {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream
    };
    let (result, _stream) = tokio::join!(call(Duration::from_secs(2), Request::get(url)), server);
    let late = result.unwrap_err();
    assert_unknown(&late);
    assert!(late.is_late());
}

#[tokio::test(start_paused = true)]
async fn in_process_no_answer_in_time_is_late_too() {
    let client = Client::in_process(Duration::from_secs(2), |_| Box::pin(std::future::pending()));
    let late = client.send(Request::get(Url::parse("https://h.example").unwrap())).await.unwrap_err();
    assert!(late.is_late(), "{late:?}");
}

#[tokio::test]
async fn a_connection_cut_before_or_amid_the_answer_is_unknown() {
    for answer in [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
        "this is not HTTP\r\n\r\n",
    ] {
        let cut = call_answered_with(answer).await.unwrap_err();
        assert_unknown(&cut);
        assert!(!cut.is_late(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_closed_unread_is_unknown() {
    let (listener, url) = listener("http").await;
    let server = async { drop(listener.accept().await.unwrap()) };
    let (result, ()) = tokio::join!(call(Duration::from_secs(20), Request::get(url)), server);
    assert_unknown(&result.unwrap_err());
}

#[tokio::test]
async fn an_answer_of_any_status_is_a_reply_and_a_redirect_is_not_followed() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(call_answered_with(redirect).await.unwrap().status, 302);
    let unavailable = "HTTP/1.1 503 No\r\nRetry-After: 5\r\nContent-Length: 4\r\n\r\nwait";
    let reply = call_answered_with(unavailable).await.unwrap();
    assert_eq!((reply.status, &reply.body[..], reply.header("Retry-After")), (503, &b"wait"[..], Some("5")));
}

#[test]
fn json_is_sent_as_it_was_asked_for() {
    let url = Url::parse("https://h.example/a").unwrap();
    let request = Request::json(Method::Patch, url.clone(), &serde_json::json!({"name": "Zoë"})).unwrap();
    assert_eq!((request.method, &request.url), (Method::Patch, &url));
    let (content_type, body) = request.body.unwrap();
    assert_eq!((content_type, &body[..]), ("application/json; charset=utf-8", "{\"name\":\"Zoë\"}".as_bytes()));
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        let mut body = [0; 9];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        (head, body)
    };
    let token = SecretString::from("abc");
    let request = Request::form(url, &[("a", "b c"), ("d", "+")]);
    let request = Request { bearer: Some(&token), headers: vec![("x-key", "k")], ..request };
    let (reply, (head, body)) = tokio::join!(call(Duration::from_secs(20), request), server);
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(&body, b"a=b+c&d=%");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /path?utoken=hunter2 http/1.1\r\n"), "{head}");
    for header in ["authorization: bearer abc", "x-key: k", "content-type: application/x-www-form-urlencoded"] {
        assert!(head.contains(&format!("\r\n{header}\r\n")), "{head}");
    }
}
