//! The relations hold for the shipped settings, whatever a deployment makes of the parameters.

use super::{Numbers, WORKERS, broken, environments};
use crate::template::{FLOWS, Template, list};
use config::Relay;
use serde_json::{Value, json};

/// The values that a deployment may give a number: those that a rule lists, else from the least to the greatest.
fn range(template: &Template, parameter: &str) -> Vec<String> {
    let rules = template.section("Rules").filter(|(_, rule)| {
        let condition = &rule["RuleCondition"];
        condition.is_null() || *condition == json!({"Fn::Equals": [{"Ref": "OnEmulator"}, "false"]})
    });
    let mut assertions = rules.flat_map(|(_, rule)| list(&rule["Assertions"]));
    let listed = assertions.find_map(|assertion| {
        let contains = &assertion["Assert"]["Fn::Contains"];
        (contains[1] == json!({ "Ref": parameter })).then(|| list(&contains[0]))
    });
    let declared = &template.0["Parameters"][parameter];
    let values = listed.unwrap_or_else(|| vec![&declared["MinValue"], &declared["MaxValue"]]);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut values: Vec<u64> = values.into_iter().map(|value| text(value).parse().unwrap()).collect();
    values.sort_unstable();
    let ends = [values[0], values[values.len() - 1]];
    ends.map(|value| value.to_string()).to_vec()
}

/// With these values of parameters, and every flow.
fn numbers(template: &Template, relay: &Relay, worker: &str, values: &[(&str, &str)]) -> Numbers {
    let mut all = FLOWS.map(|flow| (flow, "true")).to_vec();
    all.extend(values);
    Numbers::read(&template.with(&all), relay, worker)
}

#[test]
fn the_numbers_stay_in_order_at_the_ends_of_their_ranges() {
    let template = Template::shipped();
    for (file, relay) in environments() {
        for worker in WORKERS {
            let shipped = format!("{:?}", numbers(&template, &relay, worker, &[]));
            // What changes nothing of this flow is the other one's, or nobody's.
            let matters = |name: &str, ends: &[String]| {
                ends.iter()
                    .any(|end| format!("{:?}", numbers(&template, &relay, worker, &[(name, end.as_str())])) != shipped)
            };
            let ranges: Vec<(&str, Vec<String>)> = template
                .section("Parameters")
                .filter(|(_, parameter)| parameter["Type"] == "Number" && parameter["AllowedValues"].is_null())
                .map(|(name, _)| (name, range(&template, name)))
                .filter(|(name, ends)| matters(name, ends))
                .collect();
            assert!((3..8).contains(&ranges.len()), "{ranges:?}");
            for combination in 0..1_usize << ranges.len() {
                let end = |index: usize| ranges[index].1[combination >> index & 1].as_str();
                let values: Vec<_> = ranges.iter().enumerate().map(|(index, (name, _))| (*name, end(index))).collect();
                let broken = broken(&numbers(&template, &relay, worker, &values));
                assert_eq!(broken, Vec::<&str>::new(), "{file} with {values:?}");
            }
        }
    }
}
