//! Each function's own check, in the version that is live, and the settings that it was deployed with.

use super::list::List;
use crate::{
    deployed::{FUNCTIONS, short},
    place::Place,
};
use futures_util::future::join_all;
use reviews::check::Check;
use serde::Deserialize;
use serde_json::json;

/// The check that a function answered at all.
const INVOKED: &str = "invoked";

/// What a function said.
pub(super) struct Function {
    name: String,
    /// SHA-256 of its settings, if it could read them.
    sha256: Option<String>,
    /// The release of its time zones, if it said so.
    zones: Option<String>,
    pub(super) list: List,
}

/// The answer to a check event.
#[derive(Deserialize)]
struct Answer {
    checked: Vec<Check>,
}

/// Asks every function.
pub(super) async fn look(place: &Place) -> Vec<Function> {
    join_all(FUNCTIONS.map(|output| ask(place, output))).await
}

async fn ask(place: &Place, output: &str) -> Function {
    let name = place.output(output).unwrap_or(output).to_owned();
    let mut list = List::new(name.clone());
    let invocation = format!("lambda:InvokeFunction {name}:live");
    let checked = match place.invoke(output, &json!({"check": true})).await {
        Ok(answer) => serde_json::from_value::<Answer>(answer).map(|answer| answer.checked).ok(),
        Err(failure) => {
            let (error, _) = failure.into_parts();
            let hint =
                "is the alias `live` there, and may you invoke it? infra/operator.yaml has a policy that allows it";
            list.cross(&invocation, error, Some(hint.to_owned()));
            return Function { name, sha256: None, zones: None, list };
        }
    };
    let Some(checked) = checked else {
        list.cross(&invocation, "its answer is not one to a check event", Some("deploy this version".to_owned()));
        return Function { name, sha256: None, zones: None, list };
    };
    list.tick(INVOKED);
    let sha256 = checked.iter().find_map(|check| check.sha256.clone());
    let zones = checked.iter().find_map(|check| check.zones.clone());
    list.flow(checked, |check| super::vendors::hint(&place.stack, check, "the function's role or the deployment"));
    Function { name, sha256, zones, list }
}

/// Whether the functions work with the settings that are looked at here.
pub(super) fn compare_settings(settings: &mut List, functions: &[Function], here: &str) {
    let differ: Vec<_> =
        functions.iter().filter_map(|f| Some((&f.name, f.sha256.as_ref().filter(|s| *s != here)?))).collect();
    for (name, deployed) in &differ {
        let error = format!("{name} was deployed with settings of SHA-256 {}", short(deployed));
        settings.cross("deployed", error, Some("deploy this file, or name the deployed one with --config".to_owned()));
    }
    let silent: Vec<&str> = functions.iter().filter(|f| f.sha256.is_none()).map(|f| f.name.as_str()).collect();
    if !silent.is_empty() {
        settings.untried("deployed", &format!("not known of {}, which do not say", silent.join(", ")));
    } else if differ.is_empty() {
        settings.tick("the deployed functions have the same");
    }
}

/// Whether the functions know the same business days as this command line.
pub(super) fn compare_zones(settings: &mut List, functions: &[Function], here: &str) {
    let name = "time zones";
    let differ = functions
        .iter()
        .filter(|f| f.list.checks.iter().any(|check| check.name == INVOKED) && f.zones.as_deref() != Some(here));
    let differ: Vec<_> =
        differ.map(|f| format!("{} has {}", f.name, f.zones.as_deref().unwrap_or("another"))).collect();
    if differ.is_empty() {
        settings.noted(name, format!("the rules of IANA's release {here}, here and in the functions"));
    } else {
        let error = format!("the rules here are of IANA's release {here}, and {}", differ.join(", "));
        let hint = "business days may differ: deploy this version, or use the relay of the version that is deployed";
        settings.cross(name, error, Some(hint.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(zones: Option<&str>) -> Function {
        let mut list = List::new("reviews-producer");
        list.tick(INVOKED);
        Function { name: "reviews-producer".to_owned(), sha256: None, zones: zones.map(str::to_owned), list }
    }

    #[test]
    fn the_release_of_the_time_zones_is_named_and_must_be_the_same_everywhere() {
        let told = |functions: &[Function]| {
            let mut settings = List::new("settings");
            compare_zones(&mut settings, functions, "2026f");
            let check = settings.checks.remove(0);
            (check.ok, check.note.or(check.error).unwrap())
        };
        let (ok, said) = told(&[function(Some("2026f"))]);
        assert!(ok == Some(true) && said.contains("2026f"), "{said}");
        // A function of before the release was said has rules of 2025b.
        for (other, named) in [(Some("2025b"), "reviews-producer has 2025b"), (None, "reviews-producer has another")] {
            let (ok, said) = told(&[function(Some("2026f")), function(other)]);
            assert!(ok == Some(false) && said.contains("2026f") && said.contains(named), "{said}");
        }
        let mut failed = function(None);
        failed.list = List::new("reviews-producer");
        assert_eq!(told(&[failed]).0, Some(true), "one that cannot be asked has its own cross");
    }
}
