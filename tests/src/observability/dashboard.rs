//! What the dashboard shows, and that its widgets fit.

use super::{assert_known, dashboard, reviews};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn every_metric_of_the_dashboard_is_emitted_with_these_dimensions() {
    let (part, mut count) = (reviews(), 0);
    for widget in dashboard()["widgets"].as_array().unwrap() {
        for series in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            let words: Vec<&str> = series.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let [namespace, metric, dimensions @ ..] = &words[..] else { panic!("no metric: {series}") };
            let (pairs, rest) = dimensions.as_chunks::<2>();
            assert!(rest.is_empty(), "{series}");
            let pairs: Vec<_> = pairs.iter().map(|[name, value]| (*name, *value)).collect();
            assert_known(&part, widget["properties"]["title"].as_str().unwrap(), namespace, metric, &pairs);
            count += 1;
        }
    }
    assert!(count > 30);
}

#[test]
fn widgets_fit_side_by_side() {
    let dashboard = dashboard();
    let mut taken = BTreeMap::new();
    for widget in dashboard["widgets"].as_array().unwrap() {
        let number = |key: &str| widget[key].as_u64().unwrap();
        let title = widget["properties"]["title"].as_str().unwrap();
        assert!(number("x") + number("width") <= 24, "{title}");
        for x in number("x")..number("x") + number("width") {
            for y in number("y")..number("y") + number("height") {
                assert_eq!(taken.insert((x, y), title), None, "{title}");
            }
        }
    }
}
