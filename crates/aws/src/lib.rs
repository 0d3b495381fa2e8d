//! The AWS SDK's one configuration: HTTP client, trust roots, credentials, region.
//!
//! Loading the host's certificate store is most of a Rust Lambda's cold start (about 3 ms for each client
//! built), so the SDK trusts the five roots that AWS endpoints are signed by and nothing else:
//! <https://www.amazontrust.com/repository/>. `AWS_ENDPOINT_URL` is honoured, which is how the local
//! emulator is reached.

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder, Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use std::time::Duration;

/// Amazon Trust Services' roots (Amazon Root CA 1 to 4, Starfield Services Root CA G2).
const ROOTS: &[u8] = include_bytes!("amazon-trust-services.pem");

/// When a call to AWS is given up and made again: by itself the SDK waits for an answer for ever, and one lost connection
/// would cost the invocation.
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/timeouts.html>
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(3_100))
        .operation_attempt_timeout(Duration::from_secs(5))
        .build()
}

fn tls() -> Result<TlsContext, Box<dyn std::error::Error + Send + Sync>> {
    Ok(TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS)).build()?)
}

/// The same HTTP and TLS for a call that no SDK of ours makes; signing it is the caller's, and when to give it up.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub fn connector() -> Result<Connector, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls()?).build())
}

/// The configuration every SDK client of a process is made from: one connection pool, one TLS stack,
/// credentials and region from the environment.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub async fn sdk_config() -> Result<SdkConfig, Box<dyn std::error::Error + Send + Sync>> {
    let tls = tls()?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https();
    Ok(aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts()).load().await)
}
