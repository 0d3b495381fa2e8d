//! Each function's own check, in the version that is live, and the settings that it was deployed with.

use super::vendors::told;
use crate::{deployed::short, part::Part, place::Place};
use function::Checked;
use futures_util::future::join_all;
use serde_json::json;

/// What a function said.
#[derive(Default)]
pub(super) struct Function {
    pub(super) name: String,
    /// It said something.
    answered: bool,
    /// SHA-256 of its settings, if it could read them.
    sha256: Option<String>,
    /// The release of its time zones, if it said so.
    zones: Option<String>,
    pub(super) parts: Vec<Part>,
}

/// Asks every function.
pub(super) async fn look(place: &Place) -> Vec<Function> {
    join_all(place.functions().map(|output| ask(place, output))).await
}

async fn ask(place: &Place, output: &str) -> Function {
    let name = place.output(output).unwrap_or(output).to_owned();
    let invocation = format!("lambda:InvokeFunction {name}:live");
    let answer = match place.invoke(output, &json!({"check": true})).await {
        Ok(answer) => answer,
        Err(failure) => {
            let hint =
                "is the alias `live` there, and may you invoke it? infra/operator.yaml has a policy that allows it";
            let parts = vec![Part::failed(invocation, failure).hint(hint)];
            return Function { name, parts, ..Function::default() };
        }
    };
    let Ok(Checked { checked, .. }) = serde_json::from_value(answer) else {
        let wrong = Part::wrong(invocation, "its answer is not one to a check event").hint("deploy this version");
        return Function { name, parts: vec![wrong], ..Function::default() };
    };
    let sha256 = checked.iter().find_map(|check| check.sha256.clone());
    let zones = checked.iter().find_map(|check| check.zones.clone());
    let told = told(checked, &place.stack, "the function's role or the deployment");
    let parts = std::iter::once(Part::well("invoked")).chain(told).collect();
    Function { name, answered: true, sha256, zones, parts }
}

/// Whether the functions work with the settings that are looked at here.
pub(super) fn compare_settings(functions: &[Function], here: &str) -> Vec<Part> {
    let differ = functions.iter().filter_map(|f| {
        let deployed = f.sha256.as_deref().filter(|sha256| *sha256 != here)?;
        let error = format!("{} was deployed with settings of SHA-256 {}", f.name, short(deployed));
        Some(Part::wrong("deployed", error).hint("deploy this file, or name the deployed one with --config"))
    });
    let mut parts: Vec<Part> = differ.collect();
    let silent: Vec<&str> = functions.iter().filter(|f| f.sha256.is_none()).map(|f| f.name.as_str()).collect();
    if !silent.is_empty() {
        parts.push(Part::open("deployed", format!("not known of {}, which do not say", silent.join(", "))));
    } else if parts.is_empty() {
        parts.push(Part::well("the deployed functions have the same"));
    }
    parts
}

/// Whether the functions know the same business days as this command line.
pub(super) fn compare_zones(functions: &[Function], here: &str) -> Part {
    let name = "time zones";
    let differ = functions.iter().filter(|f| f.answered && f.zones.as_deref() != Some(here));
    let differ: Vec<_> =
        differ.map(|f| format!("{} has {}", f.name, f.zones.as_deref().unwrap_or("another"))).collect();
    if differ.is_empty() {
        return Part::noted(name, format!("the rules of IANA's release {here}, here and in the functions"));
    }
    Part::wrong(name, format!("the rules here are of IANA's release {here}, and {}", differ.join(", ")))
        .hint("business days may differ: deploy this version, or use the relay of the version that is deployed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(answered: bool, zones: Option<&str>) -> Function {
        let name = "reviews-producer".to_owned();
        Function { name, answered, zones: zones.map(str::to_owned), ..Function::default() }
    }

    #[test]
    fn the_release_of_the_time_zones_is_named_and_must_be_the_same_everywhere() {
        let told = |functions: &[Function]| {
            let part = compare_zones(functions, "2026f");
            (part.ok, part.said.unwrap())
        };
        let (ok, said) = told(&[function(true, Some("2026f"))]);
        assert!(ok == Some(true) && said.contains("2026f"), "{said}");
        // A function of before the release was said has rules of 2025b.
        for (other, named) in [(Some("2025b"), "reviews-producer has 2025b"), (None, "reviews-producer has another")] {
            let (ok, said) = told(&[function(true, Some("2026f")), function(true, other)]);
            assert!(ok == Some(false) && said.contains("2026f") && said.contains(named), "{said}");
        }
        let failed = function(false, None);
        assert_eq!(told(&[failed]).0, Some(true), "one that cannot be asked has its own cross");
    }
}
