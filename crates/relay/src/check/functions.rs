//! Each function's own check, in the version that is live, and the settings that it was deployed with.

use super::list::List;
use crate::place::Place;
use futures_util::future::join_all;
use reviews::check::Check;
use serde::Deserialize;
use serde_json::json;

/// The outputs that name the functions.
const OUTPUTS: [&str; 3] = ["ReviewsProducerFunction", "ReviewsConsumerFunction", "ReviewsReconcilerFunction"];

/// What a function said.
pub(super) struct Function {
    name: String,
    /// SHA-256 of its settings, if it could read them.
    sha256: Option<String>,
    pub(super) list: List,
}

/// The answer to a check event.
#[derive(Deserialize)]
struct Answer {
    checked: Vec<Check>,
}

/// Asks every function.
pub(super) async fn look(place: &Place) -> Vec<Function> {
    join_all(OUTPUTS.map(|output| ask(place, output))).await
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
            return Function { name, sha256: None, list };
        }
    };
    let Some(checked) = checked else {
        list.cross(&invocation, "its answer is not one to a check event", Some("deploy this version".to_owned()));
        return Function { name, sha256: None, list };
    };
    list.tick("invoked");
    let sha256 = checked.iter().find_map(|check| check.sha256.clone());
    list.flow(checked, |check| super::vendors::hint(&place.stack, check, "the function's role or the deployment"));
    Function { name, sha256, list }
}

/// Whether the functions work with the settings that are looked at here.
pub(super) fn compare_settings(settings: &mut List, functions: &[Function], here: &str) {
    let differ: Vec<_> =
        functions.iter().filter_map(|f| Some((&f.name, f.sha256.as_ref().filter(|s| *s != here)?))).collect();
    for (name, deployed) in &differ {
        let error = format!("{name} was deployed with settings of SHA-256 {}", deployed.get(..12).unwrap_or(deployed));
        settings.cross("deployed", error, Some("deploy this file, or name the deployed one with --config".to_owned()));
    }
    if differ.is_empty() && functions.iter().any(|function| function.sha256.is_some()) {
        settings.tick("the deployed functions have the same");
    }
}
