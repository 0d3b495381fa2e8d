//! The shipped file, and what a wrong one is told.

use crate::{
    Error, FieldPath, LineSource, Literal, MoneyKind, NetSuite, Paces, Protocol, Relay, Reviews, Salesforce, Shop,
    Shopify, StoreName,
};

const SHIPPED: &str = include_str!("../../../infra/config/relay.toml");

/// The least that a file can say.
const LEAST: &str = r#"
time_zone = "Etc/UTC"
[salesforce]
completed = [{ field = "Status", is = ["Completed"] }]
completed_at = "ActivatedDate"
[stores.default]
"#;

fn parse(text: &str) -> Result<Relay, Error> {
    Relay::parse(text, "relay.toml")
}

/// The shipped file with one text replaced, which must be in it.
fn shipped_with(from: &str, to: &str) -> Result<Relay, Error> {
    assert!(SHIPPED.contains(from), "{from}");
    parse(&SHIPPED.replacen(from, to, 1))
}

/// What the error of a refused file says.
#[track_caller]
fn refusal(result: Result<Relay, Error>) -> String {
    match result {
        Ok(_) => panic!("the file was accepted"),
        Err(error) => error.to_string(),
    }
}

fn name(text: &str) -> StoreName {
    StoreName::try_from(text.to_owned()).unwrap()
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

/// Lines that set a key, in use or (`#key = …`) not, each with the comment lines directly above it.
fn documented_keys() -> Vec<(String, String)> {
    let (mut keys, mut comment) = (Vec::new(), String::new());
    for line in SHIPPED.lines() {
        let setting = line.strip_prefix('#').filter(|l| !l.starts_with([' ', '\n']) && !l.is_empty());
        if let Some((key, _)) = setting.unwrap_or(line).split_once(" = ").filter(|_| !line.starts_with("# ")) {
            keys.push((key.to_owned(), std::mem::take(&mut comment)));
        } else if line.starts_with("# ") {
            comment.push_str(line);
            comment.push('\n');
        } else {
            comment.clear();
        }
    }
    keys
}

#[test]
fn the_shipped_file_is_as_the_design_says() {
    let relay = parse(SHIPPED).unwrap();
    assert_eq!(relay.stores.keys().map(ToString::to_string).collect::<Vec<_>>(), ["default"]);
    let [clause] = relay.salesforce.completed.as_slice() else { panic!("one clause") };
    assert_eq!((clause.field.as_str(), clause.negated), ("Status", false));
    assert_eq!(clause.values, [Literal::Text("Completed".to_owned())]);
    assert_eq!(relay.salesforce.completed_at.as_str(), "ActivatedDate");
    assert_eq!(relay.reviews.batch_size, 50);
    assert_eq!(relay.route(None).unwrap().0.as_str(), "default");
}

#[test]
fn what_the_shipped_file_calls_a_default_is_one() {
    let (shipped, least) = (parse(SHIPPED).unwrap(), parse(LEAST).unwrap());
    assert_eq!(least.pace, shipped.pace);
    assert_eq!(least.pace, Paces::default());
    assert_eq!(least.protocol, shipped.protocol);
    assert_eq!(least.protocol, Protocol::default());
    assert_eq!((&least.shopify, &least.netsuite), (&shipped.shopify, &shipped.netsuite));
    assert_eq!((shipped.shopify, shipped.netsuite), (Shopify::default(), NetSuite::default()));
    let reviews = |r: &Reviews| (r.platform.clone(), r.overlap, r.batch_size, r.test_order.clone());
    assert_eq!(reviews(&least.reviews), reviews(&shipped.reviews));
    let fields = |s: &Salesforce| {
        let names = [s.email.clone(), s.customer_name.clone(), vec![s.order_id.clone()]].concat();
        let line = [&s.line.product_id, &s.line.name].map(Clone::clone);
        (s.api_version.clone(), s.quota_share.to_bits(), names, line, s.currency.clone())
    };
    assert_eq!(fields(&least.salesforce), fields(&shipped.salesforce));
    let (_, default) = least.route(None).unwrap();
    assert_eq!(default.time_zone, least.time_zone);
}

#[test]
fn every_key_is_documented_in_the_file() {
    let keys = documented_keys();
    assert!(keys.len() > 30, "{keys:#?}");
    for (key, comment) in keys {
        assert!(comment.contains("Default: ") || comment.contains("Required."), "{key}: {comment}");
        assert!(comment.contains("Example: ") || comment.contains("Example:\n"), "{key}: {comment}");
    }
}

#[test]
fn every_key_that_can_be_set_is_in_the_file() {
    // An unknown key is told which ones there are; each of those must be in the file.
    let keys: Vec<_> = documented_keys().into_iter().map(|(key, _)| key).collect();
    let tables = [
        "salesforce",
        "line",
        "reviews",
        "pace",
        "protocol",
        "settle",
        "stores",
        "erp",
        "charges",
        "suitetax",
        "shops",
        "shopify",
        "netsuite",
        "loyalty",
        "route_by",
        "customer",
        "repeat",
        "actions",
        "write_back",
        "reward",
        "membership",
    ];
    for header in [
        "",
        "[salesforce]",
        "[salesforce.line]",
        "[reviews]",
        "[pace]",
        "[protocol]",
        "[protocol.settle]",
        "[stores.default]",
        "[erp]",
        "[erp.charges]",
        "[erp.suitetax]",
        "[erp.shops.\"acme.myshopify.com\"]",
        "[shopify]",
        "[netsuite]",
        "[loyalty]",
        "[loyalty.route_by]",
        "[loyalty.line]",
        "[loyalty.customer]",
        "[loyalty.customer.route_by]",
        "[loyalty.repeat]",
        "[loyalty.write_back]",
        "[loyalty.write_back.reward]",
        "[loyalty.write_back.membership]",
        "[loyalty.stores.default]",
    ] {
        let text = if header.is_empty() {
            format!("colour = 1\n{SHIPPED}")
        } else {
            SHIPPED.replacen(&format!("\n{header}\n"), &format!("\n{header}\ncolour = 1\n"), 1)
        };
        let said = refusal(parse(&text));
        says(&said, &["colour", "unknown field", "expected"]);
        let known = said.rsplit("expected").next().unwrap();
        for name in known.split('`').skip(1).step_by(2) {
            assert!(keys.iter().any(|key| key == name) || tables.contains(&name), "{header}: {name}");
        }
    }
}

#[test]
fn the_optional_keys_of_the_file_are_good_examples() {
    let text: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let relay = parse(&text).unwrap();
    let erp = relay.erp.as_ref().unwrap();
    let (acme, other) = (erp.shop(&name("acme.myshopify.com")), erp.shop(&name("other.myshopify.com")));
    assert_eq!((acme.time_zone.name(), acme.money), ("America/New_York", MoneyKind::Presentment));
    assert_eq!((acme.start.to_string(), other.start.to_string()), ("2026-06-01".into(), "2026-01-01".into()));
    let ids = |shop: &Shop| shop.subsidiary.as_ref().map(ToString::to_string);
    assert_eq!((ids(acme), ids(other)), (Some("5".into()), Some("1".into())));
    assert_eq!(erp.line["custcol_engraving"], LineSource::Property("Engraving".to_owned()));
    assert_eq!(relay.netsuite.currencies.len(), 2);
    assert_eq!(relay.salesforce.line.specs.len(), 2);
    assert_eq!(relay.route(Some("Acme Outlet")).unwrap().1.time_zone.name(), "Europe/Berlin");
    let loyalty = relay.loyalty.as_ref().unwrap();
    assert_eq!((loyalty.actions.len(), loyalty.digits.len()), (1, 1));
    let usd = crate::Currency::try_from("USD".to_owned()).unwrap();
    assert!(loyalty.route(Some("CA"), Some("en_CA"), Some(&usd)).is_some());
    assert!(loyalty.route(Some("CA"), Some("fr_CA"), Some(&usd)).is_none());
    assert!(relay.route(Some("acme")).is_none());
    assert!(relay.route(None).is_none());
}

#[test]
fn defaults_are_field_paths() {
    let s = parse(LEAST).unwrap().salesforce;
    let all = [s.email, s.customer_name, vec![s.order_id, s.line.product_id, s.line.name]].concat();
    for path in all {
        assert_eq!(path.as_str().parse::<FieldPath>().as_ref(), Ok(&path));
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let said = refusal(shipped_with("quota_share = 0.8", "quota_shar = 0.8"));
    let line = 1 + SHIPPED.lines().position(|l| l == "quota_share = 0.8").unwrap();
    says(
        &said,
        &["misconfigured: relay.toml", &format!("line {line}:"), "`salesforce.quota_shar` is 0.8", "`quota_share`"],
    );
}

#[test]
fn a_wrong_time_zone_is_refused() {
    let line = 1 + SHIPPED.lines().position(|l| l == "time_zone = \"Etc/UTC\"").unwrap();
    let said = refusal(shipped_with("\"Etc/UTC\"", "\"Mars/Olympus\""));
    says(&said, &[&format!("line {line}:"), "`time_zone` is \"Mars/Olympus\"", "IANA time zone"]);
    let said = refusal(shipped_with("#time_zone = \"Europe/Berlin\"", "time_zone = \"CEST\""));
    says(&said, &["`stores.default.time_zone` is \"CEST\"", "IANA time zone"]);
}

#[test]
fn an_empty_condition_is_refused() {
    let said = refusal(shipped_with("[{ field = \"Status\", is = [\"Completed\"] }]\n\n", "[]\n\n"));
    says(&said, &["`salesforce.completed` is []", "at least one clause"]);
    let said = refusal(shipped_with("is = [\"Completed\"] }]\n\n", "is = [] }]\n\n"));
    says(&said, &["salesforce.completed[0]", "at least one value"]);
    let said = refusal(shipped_with("is = [\"Completed\"] }]\n\n", "is = [\"a\"], is_not = [\"b\"] }]\n\n"));
    says(&said, &["exactly one of `is"]);
}

#[test]
fn soql_in_a_value_stays_a_value_and_in_a_field_is_refused() {
    let attempt = "x' OR Id != '' OR Name = '";
    let relay = shipped_with("is = [\"Completed\"] }]\n\n", &format!("is = [\"{attempt}\"] }}]\n\n")).unwrap();
    assert_eq!(relay.salesforce.completed[0].values, [Literal::Text(attempt.to_owned())]);

    for field in [
        "Status = 'x' OR Id",
        "Status)",
        "Status--",
        "Status;",
        "(SELECT Id FROM OrderItems)",
        "Status\\n",
        "",
        "1x",
        "A..B",
        "Straße",
    ] {
        let said = refusal(shipped_with(
            "field = \"Status\", is = [\"Completed\"] }]\n\n",
            &format!("field = \"{field}\", is = [\"x\"] }}]\n\n"),
        ));
        says(&said, &["salesforce.completed[0]", "letters, digits and `_` only"]);
    }
    let said = refusal(shipped_with("\"OrderNumber\"\n\n", "\"OrderNumber FROM User\"\n\n"));
    says(&said, &["`salesforce.order_id` is \"OrderNumber FROM User\""]);
}

#[test]
fn values_of_one_clause_are_of_one_kind() {
    for (values, ok) in [
        ("[true, false]", true),
        ("[true, true]", false),
        ("[1, 2]", true),
        ("[false]", true),
        ("[1.5]", true),
        ("[1, \"a\"]", false),
        ("[nan]", false),
        ("[1.5, 2.5]", false),
        ("[2026-11-20]", false),
    ] {
        let result = shipped_with("is = [\"Completed\"] }]\n\n", &format!("is = {values} }}]\n\n"));
        assert_eq!(result.is_ok(), ok, "{values}: {result:?}");
    }
}

#[test]
fn a_negative_overlap_is_refused() {
    let said = refusal(shipped_with("overlap = \"30m\"", "overlap = \"-30m\""));
    says(&said, &["`reviews.overlap` is \"-30m\"", "not negative"]);
    let said = refusal(shipped_with("overlap = \"30m\"", "overlap = \"90days\""));
    says(&said, &["`reviews.overlap` is \"90days\"", "at most 7days"]);
    let said = refusal(shipped_with("overlap = \"30m\"", "overlap = 30"));
    says(&said, &["`reviews.overlap` is 30", "expected a string"]);
}

#[test]
fn a_moving_completed_at_is_refused() {
    for field in ["SystemModstamp", "lastmodifieddate"] {
        let said = refusal(shipped_with("\"ActivatedDate\"", &format!("\"{field}\"")));
        says(&said, &["`salesforce.completed_at` is", field, "moves with every change"]);
    }
    let said = refusal(shipped_with("\"ActivatedDate\"", "\"Account.Closed__c\""));
    says(&said, &["a field of Order itself"]);
}

#[test]
fn a_clause_on_another_record_is_refused() {
    let clause = |field: &str| {
        shipped_with("\ncompleted = [{ field = \"Status\"", &format!("\ncompleted = [{{ field = \"{field}\""))
    };
    says(&refusal(clause("Account.Type")), &["`salesforce.completed`", "fields of Order itself"]);
    assert!(clause("RecordType.DeveloperName").is_ok());
}

#[test]
fn figures_out_of_bounds_are_refused() {
    for (from, to, key) in [
        ("batch_size = 50", "batch_size = 0", "reviews.batch_size"),
        ("batch_size = 50", "batch_size = 1001", "reviews.batch_size"),
        ("quota_share = 0.8", "quota_share = 1.2", "salesforce.quota_share"),
        ("quota_share = 0.8", "quota_share = nan", "salesforce.quota_share"),
        ("yotpo_reviews = 4", "yotpo_reviews = 0", "pace.yotpo_reviews"),
        ("yotpo_reviews = 4", "yotpo_reviews = inf", "pace.yotpo_reviews"),
        ("backoff_base = \"10s\"", "backoff_base = \"1h\"", "protocol.backoff_base"),
        ("backoff_cap = \"30m\"", "backoff_cap = \"13h\"", "protocol.backoff_cap"),
        ("api_version = \"v66.0\"", "api_version = \"66\"", "salesforce.api_version"),
        ("api_version = \"v66.0\"", "api_version = \"v31.0\"", "salesforce.api_version"),
        ("platform = \"general\"", "platform = \"\"", "reviews.platform"),
        ("email = [\"BillToContact.Email\", \"Account.PersonEmail\"]\n", "email = []\n", "salesforce.email"),
        ("repair_limit = 5", "repair_limit = 0", "protocol.repair_limit"),
        ("repair_limit = 5", "repair_limit = -1", "protocol.repair_limit"),
        ("#currency = \"USD\"", "currency = \"usd\"", "stores.default.currency"),
    ] {
        let line = 1 + SHIPPED[..SHIPPED.find(from).unwrap()].matches('\n').count();
        let said = refusal(shipped_with(from, to));
        let value = to.split_once(" = ").unwrap().1.trim();
        says(&said, &[&format!("line {line}: `{key}` is {value}: ")]);
    }
}

#[test]
fn a_stack_without_the_erp_flow_needs_none_of_its_keys() {
    assert_eq!(parse(LEAST).unwrap().erp, None);
}

/// All but its start is a default.
#[test]
fn what_the_erp_flow_calls_a_default_is_one() {
    let erp = |text: &str| {
        let mut erp = parse(text).unwrap().erp.unwrap();
        // The shipped file names a shop, to show how; it differs in nothing.
        for shop in std::mem::take(&mut erp.shops).into_values() {
            assert_eq!(shop, erp.shop);
        }
        erp
    };
    assert_eq!(erp(&format!("{LEAST}[erp]\nstart = \"2026-01-01\"\n")), erp(SHIPPED));
}

#[test]
fn wrong_values_of_the_erp_flow_are_refused() {
    for (from, to, key, expected) in [
        ("start = \"2026-01-01\"", "start = \"soon\"", "erp.start", "YYYY-MM-DD"),
        ("statuses = [\"paid\", ", "statuses = [\"payed\", ", "erp.statuses", "\"paid\""),
        ("refunds = \"credit_memo\"", "refunds = \"cash\"", "erp.refunds", "credit_memo"),
        ("tax = \"item\"", "tax = \"suitetax\"", "erp.tax", "tax_type"),
        ("#subsidiary = \"1\"", "subsidiary = \"Inc.\"", "erp.subsidiary", "internal id"),
        ("body = { memo = \"note\" }", "body = { memo = \"email\" }", "erp.body.memo", "note_attributes"),
        ("body = { memo = \"note\" }", "body = { custbody_order_relay = \"note\" }", "erp.body", "is taken"),
        ("body = { memo = \"note\" }", "body = { tranid = \"name\" }", "erp.body", "custbody_"),
        ("#line = { custcol_engraving = ", "line = { custbody_engraving = ", "erp.line", "custcol_"),
        ("#locations = { \"655441491\" = ", "locations = { \"Berlin\" = ", "erp.locations", "Shopify's ids"),
        ("shipping = \"SHIPPING\"", "shipping = \"\"", "erp.charges.shipping", "an item's name"),
        ("number_prefix = \"\"", "number_prefix = \"US \"", "erp.number_prefix", "without spaces"),
        ("api_version = \"2026-10\"", "api_version = \"2026-11\"", "shopify.api_version", "2026-10"),
        ("slots = 4", "slots = 0", "netsuite.slots", "1 to 100"),
        ("call_timeout = \"60s\"", "call_timeout = \"3m\"", "netsuite.call_timeout", "at most 2m"),
        ("#currencies = { USD = \"1\"", "currencies = { usd = \"1\"", "netsuite.currencies", "ISO 4217"),
    ] {
        let line = 1 + SHIPPED[..SHIPPED.find(from).unwrap()].matches('\n').count();
        says(&refusal(shipped_with(from, to)), &[&format!("line {line}: `{key}"), expected]);
    }
    let said = refusal(parse(&format!("{LEAST}[erp]\n")));
    says(&said, &["`erp`", "missing field `start`"]);
}

/// A shop's name has dots, as a path has.
#[test]
fn a_wrong_value_of_a_shop_is_found() {
    let wrong = SHIPPED.replacen("#time_zone = \"America/New_York\"", "time_zone = \"EST/EDT\"", 1);
    let line = 1 + wrong.lines().position(|line| line.contains("EST/EDT")).unwrap();
    let said = refusal(parse(&wrong));
    says(&said, &[&format!("line {line}: `erp.shops.acme.myshopify.com.time_zone` is \"EST/EDT\""), "IANA time zone"]);
    let (_, shop) = SHIPPED.split_once("[erp.shops.").unwrap();
    let wrong = SHIPPED.replace(shop, &shop.replacen("#number_prefix = \"US-\"", "number_prefix = \"U S\"", 1));
    says(&refusal(parse(&wrong)), &["`erp.shops.acme.myshopify.com.number_prefix` is \"U S\": "]);
}

#[test]
fn a_shops_domain_is_the_name_of_a_store() {
    for good in ["acme.myshopify.com", "default", "a"] {
        assert_eq!(name(good).as_str(), good);
    }
    for bad in ["", "a/b", "a b", "a:b", "é", &"x".repeat(101)] {
        assert!(StoreName::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    let relay =
        parse(&SHIPPED.replacen("#time_zone = \"America/New_York\"", "time_zone = \"America/New_York\"", 1)).unwrap();
    assert_eq!(relay.zone(&name("acme.myshopify.com")).name(), "America/New_York");
    assert_eq!(relay.zone(&name("other.myshopify.com")), relay.time_zone);
}

#[test]
fn stores_are_told_apart() {
    let two = format!("{LEAST}routes = [\"A\"]\n[stores.b]\nroutes = [\"B\"]\n");
    says(&refusal(parse(&two)), &["`salesforce.route_by`", "several stores"]);
    let by_field = two.replacen("[salesforce]", "[salesforce]\nroute_by = \"Brand__c\"", 1);
    let relay = parse(&by_field).unwrap();
    assert_eq!(relay.route(Some("B")).unwrap().0.as_str(), "b");

    let said = refusal(parse(&by_field.replace("[\"B\"]", "[\"B\", \"A\"]")));
    says(&said, &["`stores.default.routes` is [\"A\"]", "already that of b"]);
    let said = refusal(parse(&by_field.replace("routes = [\"B\"]", "")));
    says(&said, &["`stores.b.routes`", "at least one value"]);
    let said = refusal(parse(&format!("{LEAST}routes = [\"A\"]")));
    says(&said, &["`stores.default.routes` is [\"A\"]", "salesforce.route_by"]);
    let said = refusal(parse(&LEAST.replace("stores.default", "stores.unrouted")));
    says(&said, &["`stores.unrouted`", "another name"]);
    let said = refusal(parse(&LEAST.replace("stores.default", "stores.\"a/b\"")));
    says(&said, &["1 to 100 letters"]);
    let said = refusal(parse(&LEAST.replace("[stores.default]", "[stores]")));
    says(&said, &["`stores`", "at least one store"]);
}

#[test]
fn what_is_missing_or_no_toml_is_said_with_its_place() {
    let said = refusal(parse(&LEAST.replace("completed_at = \"ActivatedDate\"", "")));
    says(&said, &["line 3: `salesforce`", "missing field `completed_at`"]);
    let said = refusal(parse("time_zone = \"Etc/UTC\"\n[salesforce\n"));
    says(&said, &["line 2: not TOML"]);
    let error = Relay::load("no/such/relay.toml").unwrap_err();
    says(&error.to_string(), &["no/such/relay.toml cannot be read"]);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn the_hash_is_of_the_file_as_it_is() {
    // By sha256sum.
    let known = "e35e6d00c8423c8ac5a905a7b4bd43ee05951d0b6bbc925e49164c8efa0dd501";
    assert_eq!(parse(LEAST).unwrap().sha256, known);
    assert_ne!(parse(&format!("{LEAST}# a word")).unwrap().sha256, known);
}
