//! infra/shopify/shopify.app.toml: what Shopify is asked to send is what is handled.

use std::collections::BTreeSet;

use serde::Deserialize;
use shopify::Topic;

#[derive(Deserialize)]
struct App {
    access_scopes: Scopes,
    webhooks: Webhooks,
}

#[derive(Deserialize)]
struct Scopes {
    scopes: String,
}

#[derive(Deserialize)]
struct Webhooks {
    api_version: String,
    subscriptions: Vec<Subscription>,
}

#[derive(Deserialize)]
struct Subscription {
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    compliance_topics: Vec<String>,
    uri: String,
}

#[derive(Deserialize)]
struct Settings {
    shopify: Shopify,
}

#[derive(Deserialize)]
struct Shopify {
    api_version: String,
}

fn app() -> App {
    toml::from_str(include_str!("../../../../infra/shopify/shopify.app.toml")).unwrap()
}

#[test]
fn every_topic_that_is_handled_is_subscribed_to_once_and_no_other() {
    let subscriptions = app().webhooks.subscriptions;
    let asked = |of: fn(&Subscription) -> &Vec<String>| subscriptions.iter().flat_map(of).map(String::as_str);
    let mut topics: Vec<&str> = asked(|it| &it.topics).chain(asked(|it| &it.compliance_topics)).collect();
    topics.sort_unstable();
    let mut handled: Vec<&str> = Topic::KNOWN.iter().map(Topic::as_str).collect();
    handled.sort_unstable();
    assert_eq!(topics, handled);
    // Shopify takes these as compliance topics alone, and in a subscription of their own.
    let privacy = BTreeSet::from(["customers/data_request", "customers/redact", "shop/redact"]);
    assert_eq!(asked(|it| &it.compliance_topics).collect::<BTreeSet<_>>(), privacy);
    assert!(subscriptions.iter().all(|it| it.topics.is_empty() || it.compliance_topics.is_empty()));
    let uris: BTreeSet<&str> = subscriptions.iter().map(|it| it.uri.as_str()).collect();
    assert!(uris.len() == 1 && uris.iter().all(|uri| uri.starts_with("https://")), "{uris:?}");
}

#[test]
fn it_only_reads() {
    assert!(app().access_scopes.scopes.split(',').all(|scope| scope.starts_with("read_")));
}

#[test]
fn webhooks_come_in_the_version_that_the_settings_expect() {
    let settings: Settings = toml::from_str(include_str!("../../../../infra/config/relay.toml")).unwrap();
    assert_eq!(app().webhooks.api_version, settings.shopify.api_version);
}
