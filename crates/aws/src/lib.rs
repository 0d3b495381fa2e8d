//! The AWS SDK's one configuration: HTTP client, trust roots, credentials, region.
//!
//! Loading the host's certificate store is most of a Rust Lambda's cold start (about 3 ms for each client
//! built), so the SDK trusts the five roots that AWS endpoints are signed by and nothing else:
//! <https://www.amazontrust.com/repository/>. `AWS_ENDPOINT_URL` is honoured, which is how the local
//! emulator is reached.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

/// Amazon Trust Services' roots (Amazon Root CA 1 to 4, Starfield Services Root CA G2).
const ROOTS: &[u8] = include_bytes!("amazon-trust-services.pem");

/// The configuration every SDK client of a process is made from: one connection pool, one TLS stack,
/// credentials and region from the environment.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub async fn sdk_config() -> Result<SdkConfig, Box<dyn std::error::Error + Send + Sync>> {
    let tls = TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS)).build()?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https();
    Ok(aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await)
}
