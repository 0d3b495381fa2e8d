use super::*;
use proptest::prelude::*;
use serde_json::json;

const RELAY: &str = include_str!("../../../infra/config/relay.toml");

/// The shipped configuration with stores in these zones, routed by `Store__c`.
fn config(zones: &[(&str, &str)]) -> Relay {
    let (head, _) = RELAY.split_once("[stores.default]").unwrap();
    // Another flow's part names the store of the file.
    let (head, rest) = head.split_once("[loyalty]").unwrap();
    let (_, rest) = rest.split_once("[shopify]").unwrap();
    let head = format!("{head}[shopify]{rest}");
    let head = head.replace("#route_by = \"Brand__c\"", "route_by = \"Store__c\"");
    let store = |(name, zone): &(&str, &str)| {
        format!(
            "[stores.{name}]
time_zone = \"{zone}\"
routes = [\"{name}\"]"
        )
    };
    let stores = zones.iter().map(store).collect::<Vec<_>>().join(
        "
",
    );
    Relay::parse(&format!("{head}{stores}"), "test").unwrap()
}

fn fields(kind: Completed) -> Fields {
    Fields {
        completed_at: ("ActivatedDate".into(), kind),
        email: vec!["BillToContact.Email".into()],
        customer_name: vec!["BillToContact.Name".into()],
        order_id: "OrderNumber".into(),
        names: crate::fields::Names::Unique,
        currency: None,
        route_by: Some("Store__c".into()),
        test_order: None,
        line: crate::fields::LineFields {
            product_id: "Product2.ProductCode".into(),
            name: "Product2.Name".into(),
            url: None,
            image: None,
            description: None,
            price: None,
            specs: vec![],
        },
        completed: "Status = 'Completed'".into(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> StoreName {
    StoreName::try_from(text.to_owned()).unwrap()
}

fn row(store: &str, completed: &str) -> Record {
    serde_json::from_value(json!({"Id": "801RO000000AbcDYAS", "Store__c": store, "ActivatedDate": completed})).unwrap()
}

/// A pass for one store whose cursor stands at the start of its yesterday.
fn pass(config: &Relay, now: &str) -> Pass {
    let now = at(now);
    let cursors =
        config.stores.iter().map(|(name, store)| (name.clone(), (first_day(store, now), first_day(store, now))));
    Pass::plan(&cursors.collect(), config, now).unwrap()
}

#[test]
fn both_ends_of_the_business_day_on_ordinary_days_and_when_the_clocks_change() {
    // (zone, now, first instant of yesterday, last millisecond of yesterday, hours)
    for (zone, now, first, last, hours) in [
        ("America/New_York", "2026-11-21T12:00:00Z", "2026-11-20T05:00:00.000Z", "2026-11-21T04:59:59.999Z", 24),
        ("America/New_York", "2026-03-09T12:00:00Z", "2026-03-08T05:00:00.000Z", "2026-03-09T03:59:59.999Z", 23),
        ("America/New_York", "2026-11-02T12:00:00Z", "2026-11-01T04:00:00.000Z", "2026-11-02T04:59:59.999Z", 25),
        ("Europe/Berlin", "2026-03-30T12:00:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z", 23),
        ("Europe/Berlin", "2026-10-26T12:00:00Z", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z", 25),
        ("Asia/Kolkata", "2026-11-21T12:00:00Z", "2026-11-19T18:30:00.000Z", "2026-11-20T18:29:59.999Z", 24),
    ] {
        let config = config(&[("s", zone)]);
        let pass = pass(&config, now);
        let span = pass.spans[&name("s")];
        assert_eq!((span.until - span.from).num_hours(), hours, "{zone} {now}");
        let (_, yesterday) = pass.days(&config)[0].clone();
        let place = |instant: &str| pass.place(&row("s", instant), &fields(Completed::DateTime), &config).unwrap();
        assert_eq!(place(first), Place::Day(name("s"), yesterday), "{zone} {first}");
        assert_eq!(place(last), Place::Day(name("s"), yesterday), "{zone} {last}");
        let before = soql::datetime(at(first) - chrono::TimeDelta::milliseconds(1));
        let after = soql::datetime(at(last) + chrono::TimeDelta::milliseconds(1));
        assert_eq!(place(&before), Place::Elsewhere, "{zone}: before our first day");
        assert_eq!(place(&after), Place::Elsewhere, "{zone}: today is not over");
        let query = pass.query(&fields(Completed::DateTime), &config);
        assert!(query.contains(&format!("ActivatedDate >= {first} AND ActivatedDate < {after}")), "{query}");
    }
}

#[test]
fn the_query_has_no_upper_bound_on_the_stamp_and_looks_back_by_the_overlap() {
    let config = config(&[("s", "Etc/UTC")]);
    let query = pass(&config, "2026-11-21T02:00:00Z").query(&fields(Completed::DateTime), &config);
    assert_eq!(
        query,
        "SELECT Id, SystemModstamp, ActivatedDate, OrderNumber, BillToContact.Email, BillToContact.Name, Store__c, \
         (SELECT Id, Product2.ProductCode, Product2.Name FROM OrderItems) FROM Order WHERE (Status = 'Completed') AND \
         ((ActivatedDate >= 2026-11-20T00:00:00.000Z AND ActivatedDate < 2026-11-21T00:00:00.000Z AND \
         (SystemModstamp >= 2026-11-19T23:30:00.000Z OR ActivatedDate >= 2026-11-19T23:30:00.000Z)) OR \
         ((ActivatedDate = null OR ActivatedDate >= 2026-11-22T00:00:00.000Z) AND \
         SystemModstamp >= 2026-11-19T23:30:00.000Z)) ORDER BY SystemModstamp, Id"
    );
}

#[test]
fn a_date_field_is_compared_with_dates_and_overlaps_by_whole_days() {
    let config = config(&[("ny", "America/New_York"), ("in", "Asia/Kolkata")]);
    let pass = pass(&config, "2026-11-21T12:00:00Z");
    let query = pass.query(&fields(Completed::Date), &config);
    assert!(query.contains("ActivatedDate >= 2026-11-20 AND ActivatedDate < 2026-11-21 AND"), "{query}");
    assert!(query.contains("OR ActivatedDate >= 2026-11-19))"), "{query}");
    let day: BusinessDay = "2026-11-20".parse().unwrap();
    let place = |store, date| pass.place(&row(store, date), &fields(Completed::Date), &config).unwrap();
    assert_eq!(place("ny", "2026-11-20"), Place::Day(name("ny"), day));
    assert_eq!(place("in", "2026-11-20"), Place::Day(name("in"), day));
    assert_eq!(place("ny", "2026-11-21"), Place::Elsewhere);
}

#[test]
fn a_store_whose_day_is_not_over_is_left_for_a_later_pass() {
    let config = config(&[("ny", "America/New_York"), ("in", "Asia/Kolkata")]);
    // 20:00 in New York on the 20th; the 21st has begun in India.
    let now = at("2026-11-21T01:00:00Z");
    let settled = |zone: &str, day: &str| day.parse::<BusinessDay>().unwrap().window(zone.parse().unwrap()).end;
    let cursors = BTreeMap::from([
        (name("ny"), (settled("America/New_York", "2026-11-01"), settled("America/New_York", "2026-11-19"))),
        (name("in"), (settled("Asia/Kolkata", "2026-11-01"), settled("Asia/Kolkata", "2026-11-19"))),
    ]);
    let pass = Pass::plan(&cursors, &config, now).unwrap();
    assert_eq!(pass.spans.keys().map(StoreName::as_str).collect::<Vec<_>>(), ["in"]);
    let place = |store, instant| pass.place(&row(store, instant), &fields(Completed::DateTime), &config).unwrap();
    assert_eq!(place("ny", "2026-11-20T12:00:00Z"), Place::Elsewhere);
    assert_eq!(place("in", "2026-11-20T12:00:00Z"), Place::Day(name("in"), "2026-11-20".parse().unwrap()));
}

#[test]
fn missed_nights_are_settled_together_and_a_settled_one_ends_at_once() {
    let config = config(&[("s", "Europe/Berlin")]);
    let zone = "Europe/Berlin".parse().unwrap();
    let end = |day: &str| day.parse::<BusinessDay>().unwrap().window(zone).end;
    let cursors = |day| BTreeMap::from([(name("s"), (end("2026-10-01"), end(day)))]);
    let pass = Pass::plan(&cursors("2026-10-22"), &config, at("2026-10-27T03:00:00Z")).unwrap();
    let days: Vec<String> = pass.days(&config).into_iter().map(|(_, day)| day.to_string()).collect();
    assert_eq!(days, ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26"]);
    assert_eq!(Pass::plan(&cursors("2026-10-26"), &config, at("2026-10-27T03:00:00Z")), None);
}

#[test]
fn nothing_older_than_the_first_day_or_six_months_is_asked_for() {
    let config = config(&[("s", "Etc/UTC")]);
    let old = BTreeMap::from([(name("s"), (at("2024-01-01T00:00:00Z"), at("2026-11-20T00:00:00Z")))]);
    let query =
        Pass::plan(&old, &config, at("2026-11-21T02:00:00Z")).unwrap().query(&fields(Completed::DateTime), &config);
    assert!(query.contains("((ActivatedDate >= 2026-05-21T00:00:00.000Z AND"), "{query}");
}

#[test]
fn an_order_of_no_store_is_parked_by_the_orgs_day_and_one_without_a_date_is_undated() {
    let config = config(&[("s", "Etc/UTC"), ("t", "Etc/UTC")]);
    let pass = pass(&config, "2026-11-21T02:00:00Z");
    let fields = fields(Completed::DateTime);
    let place = |row: Record| pass.place(&row, &fields, &config).unwrap();
    assert_eq!(place(row("x", "2026-11-20T12:00:00Z")), Place::Unrouted("2026-11-20".parse().unwrap()));
    assert_eq!(place(row("x", "2026-11-21T00:00:00Z")), Place::Elsewhere);
    let undated =
        serde_json::from_value(json!({"Id": "801RO000000AbcDYAS", "Store__c": "s", "ActivatedDate": null})).unwrap();
    assert_eq!(place(undated), Place::Undated(Some(name("s"))));
}

#[test]
fn a_day_by_hand_is_exactly_that_day_and_must_be_over() {
    let config = config(&[("s", "America/New_York")]);
    let day: BusinessDay = "2026-11-20".parse().unwrap();
    let fields = fields(Completed::DateTime);
    let pass = Pass::of_day(day, None, &config, at("2026-11-21T05:00:00Z")).unwrap();
    let query = pass.query(&fields, &config);
    assert!(
        query.contains(
            "AND (ActivatedDate >= 2026-11-20T05:00:00.000Z AND ActivatedDate < 2026-11-21T05:00:00.000Z) ORDER"
        ),
        "{query}"
    );
    assert_eq!(pass.place(&row("s", "2026-11-19T12:00:00Z"), &fields, &config).unwrap(), Place::Elsewhere);
    assert!(matches!(pass.place(&row("s", "2026-11-20T12:00:00Z"), &fields, &config).unwrap(), Place::Day(..)));
    let early = Pass::of_day(day, None, &config, at("2026-11-21T04:59:59Z")).unwrap_err();
    assert_eq!(early.to_string(), "`business_day` 2026-11-20 is not over yet in store `s`");
    let unknown = Pass::of_day(day, Some(&name("z")), &config, at("2026-11-22T00:00:00Z")).unwrap_err();
    assert_eq!(unknown.to_string(), "`store` is `z`, which the configuration does not have");
}

#[test]
fn the_keyset_goes_on_after_the_last_row_whatever_its_neighbours_stamps() {
    let config = config(&[("s", "Etc/UTC")]);
    let mut pass = pass(&config, "2026-11-21T02:00:00Z");
    pass.after = Some(Position {
        stamp: at("2026-11-20T10:00:00.123Z"),
        id: salesforce::Id::parse("801RO000000AbcDYAS").unwrap(),
    });
    let query = pass.query(&fields(Completed::DateTime), &config);
    let keyset = " AND (SystemModstamp > 2026-11-20T10:00:00.123Z OR (SystemModstamp = 2026-11-20T10:00:00.123Z AND Id > '801RO000000AbcDYAS'))";
    assert!(query.contains(keyset), "{query}");
    let kept = serde_json::to_string(&pass).unwrap();
    // When its rows are looked at is each run's own.
    assert_eq!(serde_json::from_str::<Pass>(&kept).unwrap(), Pass { looked_at: None, ..pass });
}

proptest! {
    /// However the runs fall, every instant from the first day on belongs to exactly one pass's days.
    #[test]
    fn passes_tile_the_time_of_every_store(
        zone in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe"]),
        start in 1_700_000_000i64..1_900_000_000,
        gaps in prop::collection::vec(1i64..200, 1..12),
    ) {
        let config = config(&[("s", zone)]);
        let mut now = DateTime::from_timestamp(start, 0).unwrap();
        let first = first_day(&config.stores[&name("s")], now);
        let mut settled = first;
        for hours in gaps {
            if let Some(pass) = Pass::plan(&BTreeMap::from([(name("s"), (first, settled))]), &config, now) {
                let zone = config.stores[&name("s")].time_zone;
                for (_, day) in pass.days(&config) {
                    prop_assert_eq!(day.window(zone).start, settled);
                    settled = day.window(zone).end;
                }
                prop_assert_eq!(settled, pass.spans[&name("s")].until);
                prop_assert!(settled <= now);
            }
            now += chrono::TimeDelta::hours(hours);
        }
    }
}

#[test]
fn the_reconciler_sees_each_order_under_one_name() {
    let config = config(&[("berlin", "Europe/Berlin"), ("tokyo", "Asia/Tokyo")]);
    let fields = fields(Completed::DateTime);
    let day: BusinessDay = "2026-11-19".parse().unwrap();
    let now = at("2026-11-20T12:00:00Z");
    let stores = ["berlin", "tokyo", StoreName::UNROUTED].map(name);
    for (row, place) in [
        (row("berlin", "2026-11-19T22:59:59.999Z"), Some("berlin")),
        (row("tokyo", "2026-11-18T15:00:00Z"), Some("tokyo")),
        (row("lost", "2026-11-19T23:59:59.999Z"), Some(StoreName::UNROUTED)),
        (row("lost", "2026-11-20T00:00:00Z"), None),
        (row("berlin", "2026-11-19T23:00:00Z"), None),
    ] {
        let places: Vec<_> = stores
            .iter()
            .filter_map(|store| match Pass::of_store(day, store, &config, now).unwrap().place(&row, &fields, &config) {
                Ok(Place::Day(store, _)) => Some(store),
                Ok(Place::Unrouted(_)) => Some(StoreName::unrouted()),
                _ => None,
            })
            .collect();
        assert_eq!(places.iter().map(StoreName::as_str).collect::<Vec<_>>(), place.into_iter().collect::<Vec<_>>());
    }
    let unrouted = Pass::of_store(day, &StoreName::unrouted(), &config, now).unwrap();
    let query = unrouted.query(&fields, &config);
    assert!(query.contains("ActivatedDate >= 2026-11-19T00:00:00.000Z") && !query.contains("OrderItems"), "{query}");
    assert!(unrouted.query_again(["a'b"], &fields).contains(r"Id IN ('a\'b')"));
    assert!(matches!(Pass::of_store(day.next(), &StoreName::unrouted(), &config, now), Err(BadDay::NotOver { .. })));
}

#[test]
fn an_order_asked_for_by_name_belongs_to_its_day_if_that_is_over() {
    let config = config(&[("default", "UTC"), ("tokyo", "Asia/Tokyo")]);
    let pass = Pass::of_any_day(&config, at("2026-11-21T02:15:00Z"));
    let fields = fields(Completed::DateTime);
    let place = |store, completed| pass.place(&row(store, completed), &fields, &config).unwrap();
    assert_eq!(place("default", "2019-03-01T10:00:00Z"), Place::Day(name("default"), "2019-03-01".parse().unwrap()));
    assert_eq!(place("default", "2026-11-20T23:59:59Z"), Place::Day(name("default"), "2026-11-20".parse().unwrap()));
    assert_eq!(place("default", "2026-11-21T00:00:00Z"), Place::Elsewhere);
    // In Tokyo the 21st has begun nine hours earlier.
    assert_eq!(place("tokyo", "2026-11-20T15:00:00Z"), Place::Elsewhere);
    assert_eq!(place("nowhere", "2026-11-20T15:00:00Z"), Place::Unrouted("2026-11-20".parse().unwrap()));
}

#[test]
fn a_count_asks_for_nothing_but_the_number_and_only_of_the_stores_that_are_run() {
    let config = config(&[("a", "UTC"), ("b", "UTC")]);
    let (fields, now) = (fields(Completed::DateTime), at("2026-11-21T12:00:00Z"));
    let day = "2026-11-20".parse().unwrap();
    let of =
        |store: Option<StoreName>| Pass::of_day(day, store.as_ref(), &config, now).unwrap().count(&fields, &config);
    let all = "SELECT COUNT() FROM Order WHERE (Status = 'Completed') AND \
               (ActivatedDate >= 2026-11-20T00:00:00.000Z AND ActivatedDate < 2026-11-21T00:00:00.000Z)";
    assert_eq!(of(None), all);
    assert_eq!(of(Some(name("b"))), format!("{all} AND Store__c IN ('b')"));
}

#[test]
fn orders_that_are_named_are_asked_for_within_the_pass() {
    let config = config(&[("a", "UTC")]);
    let fields = fields(Completed::DateTime);
    let pass = Pass::of_day("2026-11-20".parse().unwrap(), None, &config, at("2026-11-21T12:00:00Z")).unwrap();
    let orders = ["801RO000000AbcD".parse().unwrap(), "x' OR Id != '".parse().unwrap()];
    let query = pass.query_of(&orders, &fields, &config);
    let asked =
        "((Id = '801RO000000AbcDYAS' OR OrderNumber = '801RO000000AbcD') OR (OrderNumber = 'x\\' OR Id != \\''))";
    assert!(query.contains(&format!("2026-11-21T00:00:00.000Z) AND {asked} ORDER BY")), "{query}");
}

/// Completed and dated otherwise than by its completion: each has its place, and none is passed over.
#[test]
fn a_date_to_come_is_one_by_the_day_on_which_it_is_looked_at() {
    let config = config(&[("ny", "America/New_York"), ("in", "Asia/Kolkata")]);
    let fields = fields(Completed::DateTime);
    // 20:00 of the 20th in New York, and the 21st in India.
    let mut pass = pass(&config, "2026-11-21T01:00:00Z");
    let day = |text: &str| text.parse::<BusinessDay>().unwrap();
    let query = pass.query(&fields, &config);
    assert!(query.contains("(ActivatedDate = null OR ActivatedDate >= 2026-11-21T05:00:00.000Z) AND"), "{query}");
    for (store, completed, place) in [
        ("ny", "2026-11-20T12:00:00Z", Place::Elsewhere),
        ("ny", "2026-11-21T04:59:59Z", Place::Elsewhere),
        ("ny", "2026-11-21T05:00:00Z", Place::Ahead(Some(name("ny")), day("2026-11-21"))),
        ("in", "2026-11-21T18:29:59Z", Place::Elsewhere),
        ("in", "2026-11-21T18:30:00Z", Place::Ahead(Some(name("in")), day("2026-11-22"))),
        ("lost", "2027-01-02T00:00:00Z", Place::Ahead(None, day("2027-01-02"))),
    ] {
        assert_eq!(pass.place(&row(store, completed), &fields, &config).unwrap(), place, "{store} {completed}");
    }
    // A pass that goes on a day later: the day has begun, and is left for a later pass.
    pass.looked_at = Some(at("2026-11-21T12:00:00Z"));
    assert_eq!(pass.place(&row("ny", "2026-11-21T15:00:00Z"), &fields, &config).unwrap(), Place::Elsewhere);
    // A day by hand, and orders that are asked for by name, have other ways to say it.
    for other in [
        Pass::of_day(day("2026-11-19"), None, &config, at("2026-11-21T01:00:00Z")).unwrap(),
        Pass::of_any_day(&config, at("2026-11-21T01:00:00Z")),
    ] {
        assert_eq!(other.place(&row("ny", "2027-01-02T00:00:00Z"), &fields, &config).unwrap(), Place::Elsewhere);
        assert_eq!(other.count_before_start(&fields, &config), []);
    }
}

#[test]
fn a_date_field_to_come_is_compared_with_the_first_of_the_stores_tomorrows() {
    let config = config(&[("ny", "America/New_York"), ("in", "Asia/Kolkata")]);
    let pass = pass(&config, "2026-11-21T01:00:00Z");
    let query = pass.query(&fields(Completed::Date), &config);
    assert!(query.contains("(ActivatedDate = null OR ActivatedDate >= 2026-11-21) AND"), "{query}");
    let place = |store, date| pass.place(&row(store, date), &fields(Completed::Date), &config).unwrap();
    assert_eq!(place("in", "2026-11-21"), Place::Elsewhere);
    assert_eq!(place("ny", "2026-11-21"), Place::Ahead(Some(name("ny")), "2026-11-21".parse().unwrap()));
}

#[test]
fn a_store_that_is_not_settled_here_has_a_pass_of_its_own_for_its_dates_to_come() {
    let config = config(&[("ny", "America/New_York"), ("in", "Asia/Kolkata")]);
    let pass = pass(&config, "2026-11-21T01:00:00Z");
    let only_in = Pass { spans: [(name("in"), pass.spans[&name("in")])].into(), ..pass };
    let place =
        |store| only_in.place(&row(store, "2027-01-02T12:00:00Z"), &fields(Completed::DateTime), &config).unwrap();
    assert_eq!((place("ny"), matches!(place("in"), Place::Ahead(..))), (Place::Elsewhere, true));
}

#[test]
fn what_was_completed_before_the_start_and_has_changed_since_is_counted_by_store() {
    let fields = fields(Completed::DateTime);
    let one = config(&[("s", "Etc/UTC")]);
    let no_routes = Fields { route_by: None, ..fields.clone() };
    let counts = pass(&one, "2026-11-21T02:00:00Z").count_before_start(&no_routes, &one);
    let expected = "SELECT COUNT() FROM Order WHERE (Status = 'Completed') AND ActivatedDate < 2026-11-20T00:00:00.000Z \
                    AND SystemModstamp >= 2026-11-19T23:30:00.000Z";
    assert_eq!(counts, [(name("s"), expected.to_owned())]);

    // The second store began later; what is of no store is counted from where the first one began.
    let two = config(&[("s", "Etc/UTC"), ("t", "Etc/UTC")]);
    let cursors = [("s", "2026-09-01T00:00:00Z"), ("t", "2026-11-19T00:00:00Z")];
    let cursors = cursors.map(|(store, first)| (name(store), (at(first), at("2026-11-20T00:00:00Z"))));
    let pass = Pass::plan(&cursors.into(), &two, at("2026-11-21T02:00:00Z")).unwrap();
    let counts = pass.count_before_start(&fields, &two);
    let of = |store: &str| &counts.iter().find(|(counted, _)| counted.as_str() == store).unwrap().1;
    let changed = "AND SystemModstamp >= 2026-11-19T23:30:00.000Z AND";
    for (store, condition) in [
        ("s", format!("ActivatedDate < 2026-09-01T00:00:00.000Z {changed} Store__c IN ('s')")),
        ("t", format!("ActivatedDate < 2026-11-19T00:00:00.000Z {changed} Store__c IN ('t')")),
        (
            StoreName::UNROUTED,
            format!(
                "ActivatedDate < 2026-09-01T00:00:00.000Z {changed} (Store__c = null OR Store__c NOT IN ('s', 't'))"
            ),
        ),
    ] {
        assert!(of(store).ends_with(&condition), "{store}: {}", of(store));
    }
    assert_eq!(counts.len(), 3);
    // Orders of no store are counted once, not by the pass of every store.
    let of_t = Pass { spans: [(name("t"), pass.spans[&name("t")])].into(), ..pass };
    assert_eq!(of_t.count_before_start(&fields, &two).len(), 1);
    assert_eq!(of_t.last_day(&name("t"), &two).to_string(), "2026-11-20");
}

proptest! {
    /// Whatever a completed order's date and change: some pass takes it, parks it, or counts it; an order whose date has come
    /// is met again by the pass of that day.
    #[test]
    fn no_date_is_passed_over(
        zone in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
        start in 1_790_000_000i64..1_820_000_000,
        changed_after in 0i64..12 * 86_400,
        dated_after in -20 * 86_400i64..20 * 86_400,
    ) {
        let config = config(&[("s", zone)]);
        let fields = fields(Completed::DateTime);
        let (s, begun) = (name("s"), DateTime::from_timestamp(start, 0).unwrap());
        let first = first_day(&config.stores[&s], begun);
        let changed = begun + chrono::TimeDelta::seconds(changed_after);
        let completed = changed + chrono::TimeDelta::seconds(dated_after);
        let order = row("s", &soql::datetime(completed));
        let (mut settled, mut parked, mut taken, mut counted) = (first, false, 0, false);
        for night in 0..40 {
            let now = begun + chrono::TimeDelta::days(night);
            let Some(pass) = Pass::plan(&BTreeMap::from([(s.clone(), (first, settled))]), &config, now) else { continue };
            if now >= changed {
                let recently = changed >= settled - config.reviews.overlap;
                let selected = recently || completed >= settled - config.reviews.overlap;
                match pass.place(&order, &fields, &config).unwrap() {
                    Place::Day(..) if selected => taken += 1,
                    Place::Ahead(..) if recently => parked = true,
                    _ => counted |= recently && completed < first,
                }
            }
            settled = pass.spans[&s].until;
        }
        let day_when_changed = BusinessDay::of(changed, config.stores[&s].time_zone);
        prop_assert_eq!(taken > 0, completed >= first);
        prop_assert_eq!(counted, completed < first);
        // A night or two may pass before it is looked at: what has come by then was never a date to come.
        let far = BusinessDay::of(completed, config.stores[&s].time_zone) > day_when_changed.next().next();
        prop_assert!(parked || !far);
    }
}
