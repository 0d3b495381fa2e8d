use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sandbox::shopify::{self, Change, Delivery, Kind, Mischief, Mix, Story, Webhook};
use sandbox::{Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Bench, Reply};

const SHOPS: [&str; 4] = ["us.myshopify.com", "de.myshopify.com", "jp.myshopify.com", "kw.myshopify.com"];

fn start() -> DateTime<Utc> {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

/// Everything that orders can have.
fn rich() -> Mix {
    Mix { tips: 0.2, custom_lines: 0.2, gift_cards: 0.2, foreign: 0.5, discounts: 0.5, ..Mix::default() }
}

/// Four shops in four currencies, and what sixty orders of each tell.
fn told(bench: &Bench) -> Vec<Webhook> {
    let tell =
        |shop: &str| bench.sandbox.shopify.tell(&Story { mix: rich(), changes: 5, ..Story::new(shop, 60, start()) });
    SHOPS.iter().flat_map(|shop| tell(shop)).collect()
}

fn amount(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Sums of a webhook's order in one of its two currencies: its total, and what it should be by its parts.
fn added_up(order: &Value, money: &str) -> (Decimal, Decimal) {
    let of = |set: &Value| amount(&set[money]["amount"]);
    let mut parts = Decimal::ZERO;
    let mut tax = Decimal::ZERO;
    for line in order["line_items"].as_array().unwrap() {
        parts += of(&line["price_set"]) * Decimal::from(line["quantity"].as_i64().unwrap());
        let allocations = line["discount_allocations"].as_array().unwrap();
        parts -= allocations.iter().map(|allocation| of(&allocation["amount_set"])).sum::<Decimal>();
        tax += line["tax_lines"].as_array().unwrap().iter().map(|line| of(&line["price_set"])).sum::<Decimal>();
    }
    let shipping = order["shipping_lines"].as_array().unwrap().iter();
    for line in shipping.filter(|line| line["is_removed"] == false) {
        parts += of(&line["price_set"]);
        tax += line["tax_lines"].as_array().unwrap().iter().map(|line| of(&line["price_set"])).sum::<Decimal>();
    }
    if order["taxes_included"] == false {
        parts += tax;
    }
    if money == "shop_money" {
        parts += amount(&order["total_tip_received"]);
    }
    (of(&order["total_price_set"]), parts)
}

#[test]
fn every_order_adds_up_in_every_currency_and_refunds_are_what_is_missing() {
    let bench = Bench::start();
    let webhooks = told(&bench);
    let mut last = BTreeMap::new();
    for webhook in
        webhooks.iter().filter(|webhook| webhook.topic.starts_with("orders/") && webhook.topic != "orders/edited")
    {
        let order: Value = serde_json::from_str(&webhook.body).unwrap();
        let (total, parts) = added_up(&order, "shop_money");
        assert_eq!(total, parts, "{}", webhook.body);
        if amount(&order["total_tip_received"]).is_zero() {
            let (total, parts) = added_up(&order, "presentment_money");
            assert_eq!(total, parts, "{}", webhook.body);
        }
        let paid: Decimal = order["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|refund| refund["transactions"].as_array().unwrap())
            .map(|one| amount(&one["amount"]))
            .sum();
        let of = |name: &str| amount(&order[name]["presentment_money"]["amount"]);
        assert_eq!(of("total_price_set") - paid, of("current_total_price_set"), "{}", webhook.body);
        last.insert(order["id"].as_u64().unwrap(), order);
    }
    let truths = bench.sandbox.shopify.truths();
    assert_eq!((truths.len(), last.len()), (240, 240));
    let (mut cancelled, mut refunded) = (0, 0);
    for truth in truths {
        let order = &last[&truth.id];
        assert_eq!(amount(&order["current_total_price"]), truth.current_total);
        let quantities =
            order["line_items"].as_array().unwrap().iter().map(|line| line["current_quantity"].as_i64().unwrap());
        assert!(quantities.eq(truth.lines.iter().map(|line| line.current)));
        if truth.cancelled {
            assert!(truth.current_total.is_zero() && order["financial_status"] == "refunded");
            cancelled += 1;
        }
        refunded += truth.refunds.len();
    }
    assert!(cancelled > 3 && refunded > 50, "{cancelled} cancelled, {refunded} refunds");
}

#[test]
fn amounts_have_their_currencys_digits_and_ids_are_beyond_doubles() {
    let bench = Bench::start();
    for (shop, digits) in SHOPS.iter().zip([2, 2, 0, 3]) {
        let (id, webhooks) = bench.sandbox.shopify.place(shop, &Mix { foreign: 0.0, ..Mix::default() }, start());
        let order: Value = serde_json::from_str(&webhooks[0].body).unwrap();
        let fraction = order["total_price"].as_str().unwrap().split_once('.').map_or(0, |(_, fraction)| fraction.len());
        assert_eq!(fraction, digits, "{shop}");
        assert!(id > 1 << 53 && order["id"].as_u64() == Some(id));
    }
}

#[test]
fn one_action_is_told_by_webhooks_of_one_event() {
    let bench = Bench::start();
    let shopify = &bench.sandbox.shopify;
    let mix = Mix { guests: 0.0, returning: 0.0, gift_cards: 0.0, ..Mix::default() };
    let (id, placed) = shopify.place(SHOPS[0], &mix, start());
    assert_eq!(placed.iter().map(|webhook| webhook.topic).collect::<Vec<_>>(), ["orders/create", "customers/create"]);
    assert!(placed[0].event_id == placed[1].event_id && placed[0].webhook_id != placed[1].webhook_id);
    assert!(shopify.change(SHOPS[0], id, Change::Return, start()).is_none(), "nothing has left");
    let body = |webhooks: Option<Vec<Webhook>>| -> Value { serde_json::from_str(&webhooks.unwrap()[0].body).unwrap() };
    let shipped = body(shopify.change(SHOPS[0], id, Change::ShipAll, start()));
    assert_eq!(
        (&shipped["fulfillment_status"], &shipped["updated_at"]),
        (&json!("fulfilled"), &json!("2026-11-20T03:00:01-05:00"))
    );
    assert!(shopify.change(SHOPS[0], id, Change::Cancel, start()).is_none(), "it has left");
    let refund = body(shopify.change(SHOPS[0], id, Change::Return, start()));
    assert_eq!(
        (&refund["refund_line_items"][0]["restock_type"], refund["order_id"].as_u64()),
        (&json!("return"), Some(id))
    );
    assert!(refund.get("updated_at").is_none() && refund["refund_line_items"][0]["subtotal"].is_number());
    let truth = &shopify.truths()[0];
    assert_eq!((truth.lines[0].returned, truth.lines[0].current), (1, truth.lines[0].quantity - 1));
    let moved = shopify.move_customer(SHOPS[0], truth.customer.unwrap(), start()).unwrap();
    assert_eq!(moved[0].topic, "customers/update");
}

fn is_signed(delivery: &Delivery, secret: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let header = delivery.headers.iter().find(|(name, _)| name == "X-Shopify-Hmac-Sha256").unwrap();
    hmac::verify(&key, delivery.body.as_bytes(), &STANDARD.decode(&header.1).unwrap()).is_ok()
}

#[test]
fn a_plan_duplicates_repeats_shuffles_forges_and_leaves_out() {
    let bench = Bench::start();
    let shopify = &bench.sandbox.shopify;
    let webhooks = shopify.tell(&Story::new(SHOPS[0], 50, start()));
    let as_told = shopify.plan(&webhooks, &Mischief::default());
    assert_eq!(as_told.len(), webhooks.len());
    let secret = |name: &str| shopify.secret(&SHOPS[..1])["shops"][SHOPS[0]][name].as_str().map(str::to_owned);
    let current = secret("client_secret").unwrap();
    assert!(
        as_told
            .iter()
            .zip(&webhooks)
            .all(|(delivery, webhook)| delivery.body == webhook.body && is_signed(delivery, &current))
    );
    let mischief = Mischief {
        step: Duration::from_secs(1),
        duplicates: 0.2,
        retries: 0.2,
        retry_within: Duration::from_hours(4),
        shuffled: 0.3,
        shuffle_within: Duration::from_mins(1),
        omitted: 0.1,
        tampered: 0.1,
        forged: 0.1,
        old_secret: 0.5,
        ..Mischief::default()
    };
    shopify.rotate(SHOPS[0]);
    let (new, old) = (secret("client_secret").unwrap(), secret("previous_client_secret").unwrap());
    assert!(old == current && new != old);
    let plan = shopify.plan(&webhooks, &mischief);
    assert_eq!(plan, shopify.plan(&webhooks, &mischief), "a seed decides");
    let count = |kind: Kind| plan.iter().filter(|delivery| delivery.kind == kind).count();
    let kinds = [Kind::Original, Kind::Duplicate, Kind::Retry, Kind::Tampered, Kind::Forged].map(count);
    assert!(kinds.iter().all(|count| *count > 5) && kinds[0] < webhooks.len(), "{kinds:?}");
    for delivery in &plan {
        assert_eq!(delivery.kind.is_genuine(), is_signed(delivery, &new) || is_signed(delivery, &old));
        assert!(serde_json::from_str::<Value>(&delivery.body).is_ok());
    }
    assert!(
        plan.iter().any(|delivery| is_signed(delivery, &new)) && plan.iter().any(|delivery| is_signed(delivery, &old))
    );
    let sent: Vec<&str> =
        plan.iter().filter(|delivery| delivery.kind == Kind::Original).map(|delivery| &*delivery.webhook_id).collect();
    let told: Vec<&str> = webhooks.iter().map(|webhook| &*webhook.webhook_id).filter(|id| sent.contains(id)).collect();
    assert_ne!(sent, told, "some overtook others");
    shopify.revoke_previous(SHOPS[0]);
    assert!(
        shopify
            .plan(&webhooks, &mischief)
            .iter()
            .all(|delivery| delivery.kind != Kind::Original || is_signed(delivery, &new))
    );
}

fn path(shop: &str, rest: &str) -> String {
    format!("/shops/{shop}/admin/{rest}")
}

fn ask(bench: &Bench, token: &str, query: &str, variables: &Value) -> Reply {
    let body = json!({"query": query, "variables": variables});
    bench.send("POST", &path(SHOPS[0], "api/2026-10/graphql.json"), &[("X-Shopify-Access-Token", token)], &body)
}

fn token(bench: &Bench) -> String {
    let secret = bench.sandbox.shopify.token_secret(&SHOPS[..1]);
    assert_eq!(secret["admin_url"], format!("{}/shops/{{shop}}", bench.sandbox.base_url()));
    secret["shops"][SHOPS[0]]["admin_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_by_client_credentials_ends() {
    let bench = Bench::start();
    let secret = bench.sandbox.shopify.secret(&SHOPS[..1])["shops"][SHOPS[0]].clone();
    let (id, secret) = (secret["client_id"].as_str().unwrap(), secret["client_secret"].as_str().unwrap());
    let mint = |secret: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        bench.form_to(&path(SHOPS[0], "oauth/access_token"), &form)
    };
    assert_eq!(mint("wrong").json()["error"], "invalid_client");
    let minted = mint(secret).json();
    assert_eq!(minted["expires_in"], 86_399);
    let status = |token: &Value| ask(&bench, token.as_str().unwrap(), "{ shop { currencyCode } }", &json!({})).status;
    assert_eq!(status(&minted["access_token"]), 200);
    bench.sandbox.set_now(bench.sandbox.now() + TimeDelta::days(1));
    assert_eq!(status(&minted["access_token"]), 401);
    assert_eq!(status(&json!(token(&bench))), 200);
}

#[test]
fn orders_are_listed_by_change_with_cursors_that_outlast_changes() {
    let bench = Bench::start();
    let shopify = &bench.sandbox.shopify;
    shopify.tell(&Story { changes: 0, ..Story::new(SHOPS[0], 7, start()) });
    let token = token(&bench);
    let query = "query Orders($first: Int!, $after: String, $query: String!) {
        orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
            pageInfo { hasNextPage endCursor } nodes { ...Order }
        }
    }
    fragment Order on Order {
        id number: name updatedAt totalPriceSet { shopMoney { amount } }
        lineItems(first: 1) { pageInfo { hasNextPage } nodes { id currentQuantity } }
        purchasingEntity { ... on PurchasingCompany { company { id } } }
    }";
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({"first": 3, "after": after, "query": "updated_at:>='2026-11-20T08:00:00Z'"});
        let page = ask(&bench, &token, query, &variables).json()["data"]["orders"].clone();
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
        // One that was seen changes and comes again; none is passed over.
        let id = seen[0].rsplit('/').next().unwrap().parse().unwrap();
        shopify.change(SHOPS[0], id, Change::Tag, start() + TimeDelta::days(2)).unwrap();
    }
    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((distinct.len(), seen.len() > 7), (7, true));
    let none = json!({"first": 3, "query": "updated_at:>='2027-01-01T00:00:00Z'"});
    assert_eq!(ask(&bench, &token, query, &none).json()["data"]["orders"]["nodes"], json!([]));
}

#[test]
fn single_records_and_the_rest_of_their_lists() {
    let bench = Bench::start();
    let mix = Mix { guests: 0.0, gift_cards: 1.0, ..Mix::default() };
    let (id, placed) = bench.sandbox.shopify.place(SHOPS[0], &mix, start());
    let token = token(&bench);
    let gid = format!("gid://shopify/Order/{id}");
    let order =
        "query($id: ID!) { order(id: $id) { customer { id defaultEmailAddress { emailAddress } } displayFinancialStatus
        lineItems(first: 1) { pageInfo { endCursor } nodes { id sku } } } }";
    let found = ask(&bench, &token, order, &json!({"id": gid})).json()["data"]["order"].clone();
    let webhook: Value = serde_json::from_str(&placed[0].body).unwrap();
    assert_eq!(
        (&found["displayFinancialStatus"], &found["customer"]["defaultEmailAddress"]["emailAddress"]),
        (&json!("PAID"), &webhook["email"])
    );
    let more = "query($id: ID!, $after: String!) { node(id: $id) { ... on Order { page: lineItems(first: 9, after: $after) { nodes { id } } } } }";
    let after = &found["lineItems"]["pageInfo"]["endCursor"];
    let rest =
        ask(&bench, &token, more, &json!({"id": gid, "after": after})).json()["data"]["node"]["page"]["nodes"].clone();
    assert_eq!(rest.as_array().unwrap().len() + 1, webhook["line_items"].as_array().unwrap().len());
    let customer =
        "query($id: ID!) { customer(id: $id) { firstName addressesV2(first: 5) { nodes { city countryCodeV2 } } } }";
    let found =
        ask(&bench, &token, customer, &json!({"id": found["customer"]["id"]})).json()["data"]["customer"].clone();
    assert_eq!(found["firstName"], webhook["customer"]["first_name"]);
    let unknown = ask(&bench, &token, order, &json!({"id": "gid://shopify/Order/1"})).json();
    assert_eq!(unknown["data"]["order"], Value::Null);
}

#[test]
fn queries_are_checked_and_paid_for() {
    let bench = Bench::start();
    bench.sandbox.shopify.place(SHOPS[0], &Mix::default(), start());
    let token = token(&bench);
    let code = |query: &str| ask(&bench, &token, query, &json!({})).json()["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code("{ orders(first: 1) { nodes { idd } } }"), "undefinedField");
    assert_eq!(code("{ orders { nodes { id } } }"), "missingRequiredArguments");
    assert_eq!(code("{ orders(first: 1) { nodes { lineItems } } }"), "missingRequiredArguments");
    assert_eq!(code("{ orders(first: 1) { nodes { customer } } }"), "selectionMismatch");
    assert_eq!(code("{ orders(first: 1, query: \"status:any\") { nodes { id } } }"), "BAD_SEARCH");
    assert_eq!(code("mutation { orderClose { id } }"), "GRAPHQL_PARSE_FAILED");
    let dear = "{ orders(first: 100) { nodes { lineItems(first: 100) { nodes { taxLines { priceSet { shopMoney { amount } } } } } } } }";
    bench.sandbox.set_now(start());
    bench.sandbox.shopify.set(|settings| (settings.points, settings.dearest) = (500.0, 100.0));
    assert_eq!(code(dear), "MAX_COST_EXCEEDED");
    bench.sandbox.shopify.set(|settings| settings.dearest = 1_000.0);
    let paid = ask(&bench, &token, dear, &json!({})).json();
    let cost = &paid["extensions"]["cost"];
    assert!(
        cost["requestedQueryCost"].as_f64() > Some(200.0) && cost["throttleStatus"]["restoreRate"] == 100.0,
        "{cost}"
    );
    while code(dear) == Value::Null {}
    assert_eq!(code(dear), "THROTTLED");
    bench.sandbox.set_now(start() + TimeDelta::seconds(10));
    assert_eq!(code(dear), Value::Null);
    bench.sandbox.shopify.set(|settings| settings.scopes.clear());
    assert_eq!(code("{ orders(first: 1) { nodes { id } } }"), "ACCESS_DENIED");
    bench.sandbox.add_fault(Rule { next: Some(1), ..Rule::always(shopify::GRAPHQL, Fault::status(429)) });
    assert_eq!(ask(&bench, &token, "{ shop { currencyCode } }", &json!({})).status, 429);
}
