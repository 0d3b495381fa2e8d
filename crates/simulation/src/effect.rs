//! What a function does to the world, as data: which function, to what, by which operation, about what.

use crate::{
    DEAD_LETTERS, HINTS, QUEUE, STACK, TABLE,
    functions::{Function, Service},
};
use bytes::Bytes;
use http::{Method, Request};
use sandbox::{Endpoint, loyalty, netsuite, salesforce, shopify, yotpo};
use serde_json::Value;
use std::fmt;

/// A call that a function makes, by what it does and not by whom or what it does it to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// Who.
    pub function: Function,
    /// To what.
    pub service: Service,
    /// The operation as AWS names it, or the endpoint as the sandbox does.
    pub operation: &'static str,
    /// In the ledger the key's kind (a delivery's own, or its flow), with the state that is written (`reviews claimed`) or
    /// `first` where there must be no item yet; an index; which queue; a secret's name.
    pub about: &'static str,
}

/// When an effect is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// The call is not made.
    Before,
    /// It has taken effect, and the answer does not arrive.
    AfterEffect,
    /// The answer has arrived, and nothing follows.
    AfterAnswer,
}

impl Moment {
    /// Every moment.
    pub const ALL: [Self; 3] = [Self::Before, Self::AfterEffect, Self::AfterAnswer];
}

/// Where an invocation is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// At this effect.
    pub effect: Effect,
    /// At this moment of it.
    pub moment: Moment,
    /// At which of its occurrences, from 1.
    pub occurrence: u64,
}

/// How a vendor's call is recognised: method and path, where `*` is any one segment, and the field of the body that says what
/// it is about, if it is not the path's end.
type Route = (Service, Method, &'static str, Endpoint, Option<&'static str>);

const ROUTES: &[Route] = &[
    (Service::Salesforce, Method::POST, "services/oauth2/token", salesforce::TOKEN, None),
    (Service::Salesforce, Method::GET, "services/data/*/sobjects/*/describe", salesforce::DESCRIBE, None),
    (Service::Salesforce, Method::GET, "services/data/*/query", salesforce::QUERY, None),
    (Service::Salesforce, Method::GET, "services/data/*/queryAll", salesforce::QUERY, None),
    (Service::Salesforce, Method::GET, "services/data/*/query/*", salesforce::NEXT, None),
    (Service::Salesforce, Method::PATCH, "services/data/*/composite/sobjects", salesforce::UPDATE, None),
    (Service::Salesforce, Method::PATCH, "services/data/*/composite/sobjects/*/*", salesforce::UPSERT, None),
    (Service::Yotpo, Method::POST, "oauth/token", yotpo::TOKEN, None),
    (Service::Yotpo, Method::POST, "apps/*/purchases", yotpo::CREATE, Some("order_id")),
    (Service::Yotpo, Method::GET, "apps/*/purchases", yotpo::READ, None),
    (Service::Loyalty, Method::GET, "api/v2/customers", loyalty::READ, None),
    (Service::Loyalty, Method::POST, "api/v2/customers", loyalty::CUSTOMERS, Some("id")),
    (Service::Loyalty, Method::POST, "api/v2/orders", loyalty::ORDERS, Some("order_id")),
    (Service::Loyalty, Method::POST, "api/v2/refunds", loyalty::REFUNDS, Some("id")),
    (Service::Loyalty, Method::POST, "api/v2/actions", loyalty::ACTIONS, Some("history_title")),
    (Service::Shopify, Method::POST, "shops/*/admin/oauth/access_token", shopify::TOKEN, None),
    (Service::Shopify, Method::POST, "shops/*/admin/api/*/graphql.json", shopify::GRAPHQL, None),
    (Service::NetSuite, Method::POST, "services/rest/auth/oauth2/v1/token", netsuite::TOKEN, None),
    (Service::NetSuite, Method::POST, "services/rest/record/v1/*", netsuite::CREATE, Some("externalId")),
    (Service::NetSuite, Method::GET, "services/rest/record/v1/*/*", netsuite::READ, None),
    (Service::NetSuite, Method::PATCH, "services/rest/record/v1/*/*", netsuite::UPDATE, None),
    (Service::NetSuite, Method::POST, "services/rest/query/v1/suiteql", netsuite::QUERY, None),
];

impl Function {
    /// Everything that it does.
    pub fn effects(self) -> impl Iterator<Item = Effect> {
        let one = move |&(service, operation, abouts): &'static (_, _, &'static [&'static str])| {
            abouts.iter().map(move |about| Effect { function: self, service, operation, about })
        };
        self.calls.iter().flat_map(one)
    }

    /// One of its effects, by its name: for tests.
    ///
    /// # Panics
    /// When the function does no such thing.
    pub fn effect(self, operation: &str, about: &str) -> Effect {
        self.listed(operation, about).unwrap_or_else(|| panic!("{self:?} has no effect {operation} {about}"))
    }

    fn listed(self, operation: &str, about: &str) -> Option<Effect> {
        self.effects().find(|effect| effect.operation == operation && effect.about == about)
    }

    /// Two vendors may have endpoints of one name.
    fn listed_at(self, service: Service, operation: &str) -> Option<Effect> {
        self.effects().find(|effect| effect.service == service && effect.operation == operation)
    }

    /// Which of its effects a call to AWS is, and what it is about.
    pub(crate) fn calls_aws(self, operation: &str, request: &Value) -> Option<(Effect, String)> {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let key = request["Key"]["k"]["S"].as_str().unwrap_or_default();
        let (about, subject) = match operation {
            "GetSecretValue" => (text("SecretId").strip_prefix(STACK)?.strip_prefix('/')?.to_owned(), text("SecretId")),
            "GetItem" => (self.kind(key).to_owned(), key),
            "BatchGetItem" => {
                let first = &request["RequestItems"][TABLE]["Keys"][0]["k"]["S"];
                (self.kind(first.as_str()?).to_owned(), "")
            }
            "UpdateItem" => (format!("{}{}", self.kind(key), written(request)), key),
            "Query" => (text("IndexName").to_owned(), text("IndexName")),
            _ => match text("QueueUrl") {
                QUEUE => ("queue".to_owned(), ""),
                DEAD_LETTERS => ("dead-letters".to_owned(), ""),
                HINTS => ("hints".to_owned(), ""),
                _ => return None,
            },
        };
        Some((self.listed(operation, &about)?, subject.to_owned()))
    }

    /// What kind of item a key is of: a delivery's kind, or its flow's name if the flow has one kind; else the key's beginning.
    fn kind(self, key: &str) -> &str {
        let mut segments = key.split('/');
        let first = segments.next().unwrap_or_default();
        segments.nth(1).filter(|_| first == self.flow).unwrap_or(first)
    }

    /// Which of its effects a call to a vendor is, and what it is about.
    pub(crate) fn calls_vendor(self, request: &Request<Bytes>) -> Option<(Effect, String)> {
        let segments: Vec<&str> = request.uri().path().split('/').filter(|segment| !segment.is_empty()).collect();
        let is = |pattern: &str| {
            let pattern: Vec<&str> = pattern.split('/').collect();
            pattern.len() == segments.len() && pattern.iter().zip(&segments).all(|(p, s)| *p == "*" || p == s)
        };
        let mut routes = ROUTES.iter();
        let (service, _, _, endpoint, field) =
            routes.find(|(_, method, path, ..)| method == request.method() && is(path))?;
        let subject = match field {
            Some(field) => serde_json::from_slice::<Value>(request.body()).ok()?[*field].as_str()?.to_owned(),
            None => segments.last().copied().unwrap_or_default().to_owned(),
        };
        Some((self.listed_at(*service, endpoint.name())?, subject))
    }
}

/// The state that an update writes to a delivery, or that there must be no item yet.
fn written(request: &Value) -> String {
    let update = request["UpdateExpression"].as_str().unwrap_or_default();
    if let Some((_, state)) = update.split_once("#state = ") {
        let placeholder = state.split([',', ' ']).next().unwrap_or_default();
        let state = request["ExpressionAttributeValues"][placeholder]["S"].as_str().unwrap_or_default();
        return format!(" {state}");
    }
    let first = request["ConditionExpression"] == "attribute_not_exists(k)";
    if first { " first".to_owned() } else { String::new() }
}

impl Effect {
    /// Whether it makes something at the destination: once for each subject, and in its turn.
    pub(crate) fn is_post(self) -> bool {
        self.service == Service::Yotpo && self.operation == yotpo::CREATE.name()
    }

    /// Whether it waits for its turn at the destination's account.
    pub(crate) fn is_paced(self) -> bool {
        self.is_post() || (self.service == Service::Yotpo && self.operation == yotpo::READ.name())
    }

    /// Whether it asks for what the destination's account is used with; who has waited for that may call at once.
    pub(crate) fn is_admission(self) -> bool {
        self.service == Service::Secrets || self.operation == yotpo::TOKEN.name()
    }

    /// Whether it writes one of these states to a delivery.
    pub(crate) fn writes(self, states: &[&str]) -> bool {
        let state = self.about.split_once(' ').map(|(_, state)| state);
        self.operation == "UpdateItem" && state.is_some_and(|state| states.contains(&state))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        if self.about.is_empty() { Ok(()) } else { write!(f, " {}", self.about) }
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{REVIEWS_CONSUMER, REVIEWS_PRODUCER};
    use serde_json::json;

    #[test]
    fn a_call_that_is_not_listed_has_no_name() {
        let update = |state: &str| {
            let values = json!({":0": {"S": state}});
            json!({
                "Key": {"k": {"S": "reviews/1"}}, "UpdateExpression": "SET #state = :0, #token = :1",
                "ExpressionAttributeValues": values,
            })
        };
        let of = |function: Function, operation: &str, request: &Value| function.calls_aws(operation, request);
        let claimed = of(REVIEWS_CONSUMER, "UpdateItem", &update("claimed")).unwrap();
        assert_eq!((claimed.0.to_string().as_str(), claimed.1.as_str()), ("UpdateItem reviews claimed", "reviews/1"));
        assert_eq!(of(REVIEWS_PRODUCER, "UpdateItem", &update("claimed")), None, "the producer claims nothing");
        assert_eq!(of(REVIEWS_CONSUMER, "DeleteItem", &update("claimed")), None);
        assert_eq!(of(REVIEWS_CONSUMER, "GetItem", &update("claimed")), None, "the consumer reads no record");
        let elsewhere = json!({"QueueUrl": "http://aws.invalid/1/another"});
        assert_eq!(of(REVIEWS_PRODUCER, "SendMessageBatch", &elsewhere), None);
    }

    #[test]
    fn a_delivery_is_of_its_own_kind_or_of_its_flow() {
        let of = |flow, key| Function { flow, ..REVIEWS_CONSUMER }.kind(key).to_owned();
        assert_eq!(of("reviews", "reviews/801"), "reviews");
        assert_eq!(of("erp", "erp/acme.myshopify.com/order/17"), "order");
        assert_eq!(of("reviews", "certificate/reviews/default/2026-11-20"), "certificate");
        assert_eq!(of("reviews", "check"), "check");
    }
}
