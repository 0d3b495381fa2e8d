//! What Lambda tells a function of AWS, by its environment. Read by hand: the SDK's own loader can look into profiles, at metadata services
//! and at STS as well, and what it can do is in the binary whether or not it is asked for.

use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    identity::IdentityCache,
    meta::region::ProvideRegion as _,
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::{rt::sleep::default_async_sleep, time::SharedTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// The SDK's defaults, with region and credentials from the environment, and addresses where it names some.
pub(crate) async fn config(http: SharedHttpClient, timeouts: TimeoutConfig) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new().region().await)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .identity_cache(IdentityCache::lazy().build())
        .service_config(Variables(variable))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .time_source(SharedTimeSource::default())
        .http_client(http);
    config.set_sleep_impl(default_async_sleep());
    config.set_endpoint_url(variable(ENDPOINT));
    config.build()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where each service is, if not where AWS has it: `AWS_ENDPOINT_URL_DYNAMODB`.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
#[derive(Debug)]
struct Variables(fn(&str) -> Option<String>);

impl LoadServiceConfig for Variables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let of_service = format!("{}_{}", key.env(), key.service_id().replace(' ', "_").to_uppercase());
        self.0(&of_service).or_else(|| self.0(key.env()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_own_address_counts_before_the_one_for_all() {
        let address = |service: &str, variables| {
            let key = ServiceConfigKey::builder().service_id(service).env(ENDPOINT).profile("endpoint_url").build();
            Variables(variables).load_config(key.unwrap())
        };
        let both = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("all".to_owned()),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some("secrets".to_owned()),
            _ => None,
        };
        assert_eq!(address("Secrets Manager", both).as_deref(), Some("secrets"));
        assert_eq!(address("DynamoDB", both).as_deref(), Some("all"));
        assert_eq!(address("DynamoDB", |_| None), None);
    }
}
