//! The AWS SDK's one configuration: HTTP client, trust roots, credentials, region.
//!
//! Loading the host's certificate store is most of a Rust Lambda's cold start (about 3 ms for each client
//! built), so the SDK trusts the five roots that AWS endpoints are signed by and nothing else:
//! <https://www.amazontrust.com/repository/>. `AWS_ENDPOINT_URL` is honoured, which is how the local
//! emulator is reached.

mod http;
mod lambda;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_types::retry::ReconnectMode;
use std::time::Duration;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// When a call to AWS is given up and made again: by itself the SDK waits for an answer for ever, and one lost connection
/// would cost the invocation.
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/timeouts.html>
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(3_100))
        .operation_attempt_timeout(Duration::from_secs(5))
        .build()
}

/// HTTP and TLS for the SDK's clients, which share its connections.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub fn http_client() -> Result<SharedHttpClient, BoxError> {
    http::client(timeouts().connect_timeout())
}

/// The same for a call that no SDK of ours makes; signing it is the caller's, and when to give it up.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub fn connector() -> Result<SharedHttpConnector, BoxError> {
    http::connector()
}

/// The configuration every SDK client of a function is made from: one connection pool, one TLS stack. Region and credentials are
/// those that Lambda puts into the environment, for as long as the process lives; they are looked for nowhere else.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub async fn function_config() -> Result<SdkConfig, BoxError> {
    Ok(settled(lambda::config(http_client()?, timeouts()).await))
}

/// The same for whoever has an account of their own: credentials and region from the environment, a profile, or what else the SDK
/// looks at.
///
/// # Errors
/// Only when the embedded certificates cannot be read.
pub async fn sdk_config() -> Result<SdkConfig, BoxError> {
    let defaults = aws_config::defaults(BehaviorVersion::latest());
    Ok(settled(defaults.http_client(http_client()?).timeout_config(timeouts()).load().await))
}

/// A connection that brought an answer is used again, whatever the answer says: reqwest does not tell which it was, and the SDK would
/// write an error for each that it cannot close. What timed out or broke is closed in any case.
fn settled(config: SdkConfig) -> SdkConfig {
    let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    config.into_builder().retry_config(retries.with_reconnect_mode(ReconnectMode::ReuseAllConnections)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_functions_configuration_is_complete() {
        let config = function_config().await.unwrap();
        assert!(config.http_client().is_some() && config.credentials_provider().is_some());
        let timeouts = config.timeout_config().unwrap();
        let of = (timeouts.connect_timeout(), timeouts.operation_attempt_timeout());
        assert_eq!(of, (Some(Duration::from_millis(3_100)), Some(Duration::from_secs(5))));
        assert_eq!(config.retry_config().unwrap().reconnect_mode(), ReconnectMode::ReuseAllConnections);
    }
}
