//! A function that an HTTP API calls: whoever is at the other end waits for the answer.

use crate::{
    check::Checked,
    environment::{ColdStart, Environment},
    event::Invoked,
    fault::Fault,
    lambda,
};
pub use aws_lambda_events::apigw::ApiGatewayV2httpRequest as Request;
use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use chrono::Utc;
use queue::TraceHeader;
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;

/// The answer to a request: an HTTP status without a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

/// Serves requests in the HTTP API's payload format 2.0 until the runtime ends: `make` makes what the function works with at cold
/// start, a check event goes to `check`, a request to `answer`. An invocation that fails is a 500 to whoever asked.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub async fn serve<T>(
    name: &'static str,
    flow: &'static str,
    make: impl AsyncFn(Environment) -> Result<T, ColdStart>,
    check: impl AsyncFn(&T, Checked) -> Checked,
    answer: impl AsyncFn(&T, Request, &Invoked, &mut Metrics) -> Status,
) -> ExitCode {
    lambda::serve(name, flow, make, check, async |works: &T, event, context| {
        let request = request(event)?;
        let trace = context.xray_trace_id.as_deref().and_then(TraceHeader::parse);
        let invoked = Invoked { deadline: context.deadline().into(), trace };
        let mut metrics = Metrics::new(flow, name, &context.request_id);
        let Status(status) = answer(works, request, &invoked, &mut metrics).await;
        metrics.flush(Utc::now(), std::io::stdout())?;
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = status.into();
        Ok(serde_json::to_value(response)?)
    })
    .await
}

fn request(event: Value) -> Result<Request, Fault> {
    serde_json::from_value(event).map_err(|error| Fault::no_request(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Kind;
    use serde_json::json;

    #[test]
    fn a_request_is_read_with_its_headers_and_its_body_as_it_came() {
        let event = json!({
            "version": "2.0", "routeKey": "POST /shopify", "rawPath": "/shopify", "rawQueryString": "",
            "headers": {"x-shopify-topic": "orders/create", "content-type": "application/json"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "a.example.com", "requestId": "r", "stage": "$default",
                "routeKey": "POST /shopify", "time": "21/Nov/2026:10:00:00 +0000", "timeEpoch": 1,
                "http": {"method": "POST", "path": "/shopify", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"},
            },
            "body": "e30=", "isBase64Encoded": true,
        });
        let request = request(event).unwrap();
        assert_eq!(request.headers["X-Shopify-Topic"], "orders/create");
        assert_eq!((request.body.as_deref(), request.is_base64_encoded), (Some("e30="), true));
    }

    #[test]
    fn what_no_http_api_sends_is_named_and_not_quoted() {
        let fault = request(json!({"headers": "jane@example.com"})).unwrap_err();
        assert_eq!(fault.kind, Kind::BadEvent);
        assert!(fault.message.contains("HTTP API") && !fault.message.contains("jane"), "{fault}");
    }
}
