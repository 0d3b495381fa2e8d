use super::*;
use aws_smithy_types::byte_stream::ByteStream;
use rustls::pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

fn connector_with(settings: HttpConnectorSettings) -> Connector {
    Connector { http: Http::new().unwrap(), settings }
}

fn patient() -> Connector {
    connector_with(HttpConnectorSettings::builder().connect_timeout(Duration::from_secs(10)).build())
}

async fn listener(scheme: &str) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "{scheme}://{}/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=7",
        listener.local_addr().unwrap()
    );
    (listener, url)
}

fn post(url: &str, body: &'static str) -> HttpRequest {
    let request = http::Request::post(url).header("x-amz-target", "T.Do").body(SdkBody::from(body));
    HttpRequest::try_from(request.unwrap()).unwrap()
}

/// Reads a request to the end of its head.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// What a call comes to when the server reads the request's head and then writes `answer` and closes.
async fn answered_with(answer: &'static str) -> Result<HttpResponse, ConnectorError> {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    };
    tokio::join!(patient().call(post(&url, "")), server).0
}

#[tokio::test]
async fn what_is_sent_is_what_the_sdk_signed_and_its_answer_comes_back() {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        let mut body = [0; 7];
        stream.read_exact(&mut body).await.unwrap();
        let answer = "HTTP/1.1 400 No\r\nX-Amzn-RequestId: r\r\nContent-Length: 4\r\n\r\nbusy";
        stream.write_all(answer.as_bytes()).await.unwrap();
        (head.to_ascii_lowercase(), body)
    };
    let (answer, (head, body)) = tokio::join!(patient().call(post(&url, "{\"a\":1}")), server);
    let answer = answer.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("x-amzn-requestid")), (400, Some("r")));
    assert_eq!(&ByteStream::new(answer.into_body()).collect().await.unwrap().into_bytes()[..], b"busy");
    assert_eq!(&body, b"{\"a\":1}");
    let line = "post /2015-03-31/functions/arn%3aaws%3alambda/invocations?qualifier=7 http/1.1\r\n";
    assert!(head.starts_with(line), "{head}");
    let host = format!("host: {}", listener.local_addr().unwrap());
    for header in ["x-amz-target: t.do", "content-length: 7", &host] {
        assert!(head.contains(&format!("\r\n{header}\r\n")), "{head}");
    }
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (listener, url) = listener("http").await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    };
    let connector = patient();
    let calls = async {
        for _ in 0..2 {
            let answer = connector.call(post(&url, "")).await.unwrap();
            ByteStream::new(answer.into_body()).collect().await.unwrap();
        }
    };
    tokio::join!(server, calls);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(answered_with(redirect).await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn what_the_network_does_is_tried_again() {
    for answer in ["", "HTTP/1.1 200 O", "this is not HTTP\r\n\r\n"] {
        let broken = answered_with(answer).await.unwrap_err();
        assert!(broken.is_io(), "{answer:?}: {broken:?}");
    }
    let (listener, url) = listener("http").await;
    drop(listener);
    let refused = patient().call(post(&url, "")).await.unwrap_err();
    assert!(refused.is_io(), "{refused:?}");
    let unknown = patient().call(post("https://no-such-host.invalid/", "")).await.unwrap_err();
    assert!(unknown.is_io(), "{unknown:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_of_its_body() {
    let half = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
    assert!(ByteStream::new(half.into_body()).collect().await.is_err());
}

#[tokio::test]
async fn a_host_that_amazons_roots_do_not_vouch_for_is_told_nothing() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let (listener, _) = listener("https").await;
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(tls)).accept(stream).await.map(|_| ())
    };
    let (answer, handshake) = tokio::join!(patient().call(post(&url, "hunter2")), server);
    let refused = answer.unwrap_err();
    assert!(refused.is_io() && format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
    assert!(handshake.is_err());
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_time_out() {
    let (listener, url) = listener("https").await;
    let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_millis(200)).build();
    let late = connector_with(settings).call(post(&url, "")).await.unwrap_err();
    assert!(late.is_timeout(), "{late:?}");
    drop(listener);
}

#[tokio::test]
async fn no_answer_within_the_read_time_out_is_a_time_out() {
    let (listener, url) = listener("http").await;
    let settings = HttpConnectorSettings::builder().read_timeout(Duration::from_millis(200)).build();
    let late = connector_with(settings).call(post(&url, "")).await.unwrap_err();
    assert!(late.is_timeout(), "{late:?}");
    drop(listener);
}

#[test]
fn each_connect_time_out_has_a_client_and_the_same_one_the_same() {
    let http = Http::new().unwrap();
    for seconds in [1, 2, 1, 2] {
        http.client(Some(Duration::from_secs(seconds))).unwrap();
    }
    http.client(None).unwrap();
    assert_eq!(http.0.made.lock().unwrap().len(), 3);
}

#[test]
fn amazons_five_roots_are_trusted() {
    assert_eq!(CertificateDer::pem_slice_iter(ROOTS).filter_map(Result::ok).count(), 5);
}
