//! A stack's alarms at CloudWatch. Its SDK would bring a second HTTP stack into every binary, so that this one call is made by
//! hand: its JSON protocol, signed as every other call is.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>

use super::described::{Alarm, Known};
use crate::failure::chain;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    error::Error,
    time::{Duration, SystemTime},
};
use tokio::time::timeout;

/// A page comes in much less.
const PATIENCE: Duration = Duration::from_secs(8);

const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms")];

/// A page of alarms, of one metric and of several.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    metric_alarms: Vec<Alarm>,
    #[serde(default)]
    composite_alarms: Vec<Alarm>,
    next_token: Option<String>,
}

/// The alarms of a stack: `infra/observability.yaml` and `infra/observability-erp.yaml` are stacks nested in it, after which they
/// are named.
pub(super) async fn of_stack(aws: &SdkConfig, stack: &str) -> Known<Vec<Alarm>> {
    let mut alarms = Vec::new();
    let mut ask = json!({
        "AlarmNamePrefix": format!("{stack}-Observability"), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100,
    });
    loop {
        let page = timeout(PATIENCE, call(aws, &ask)).await.map_err(|_| "CloudWatch does not answer".to_owned())?;
        let page = page.map_err(|error| chain(error.as_ref()))?;
        alarms.extend(page.metric_alarms.into_iter().chain(page.composite_alarms));
        match page.next_token {
            Some(next) => ask["NextToken"] = next.into(),
            None => return Ok(alarms),
        }
    }
}

async fn call(aws: &SdkConfig, ask: &Value) -> Result<Page, Box<dyn Error + Send + Sync>> {
    let region = aws.region().ok_or("no AWS region is set")?.as_ref();
    let url = endpoint(aws.endpoint_url(), region);
    let body = ask.to_string();
    let provider = aws.credentials_provider().ok_or("AWS's credentials are not set")?;
    let identity = provider.provide_credentials().await?.into();
    let (name, settings) = ("monitoring", SigningSettings::default());
    let params = SigningParams::builder().identity(&identity).region(region).name(name).settings(settings);
    let params = params.time(SystemTime::now()).build()?.into();
    let signable = SignableRequest::new("POST", &url, HEADERS.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
    let (signature, _) = sign(signable, &params)?.into_parts();
    let mut request = http::Request::post(&url);
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    let mut request = request.body(SdkBody::from(body))?;
    signature.apply_to_request_http1x(&mut request);
    let answer = aws::connector()?.call(HttpRequest::try_from(request)?).await?;
    let is_well = answer.status().is_success();
    let said = ByteStream::new(answer.into_body()).collect().await?.into_bytes();
    if !is_well {
        let said: Value = serde_json::from_slice(&said).unwrap_or_default();
        let code = said["__type"].as_str().and_then(|code| code.rsplit('#').next()).unwrap_or("it does not say why");
        return Err(format!("cloudwatch:DescribeAlarms: {code}").into());
    }
    Ok(serde_json::from_slice(&said)?)
}

/// Where CloudWatch is, unless the environment says that AWS is elsewhere.
fn endpoint(elsewhere: Option<&str>, region: &str) -> String {
    match elsewhere {
        Some(url) => format!("{}/", url.trim_end_matches('/')),
        None if region.starts_with("cn-") => format!("https://monitoring.{region}.amazonaws.com.cn/"),
        None => format!("https://monitoring.{region}.amazonaws.com/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudwatch_is_where_the_region_or_the_environment_says() {
        assert_eq!(endpoint(None, "eu-west-1"), "https://monitoring.eu-west-1.amazonaws.com/");
        assert_eq!(endpoint(None, "cn-north-1"), "https://monitoring.cn-north-1.amazonaws.com.cn/");
        assert_eq!(endpoint(Some("http://127.0.0.1:4566"), "eu-west-1"), "http://127.0.0.1:4566/");
    }
}
