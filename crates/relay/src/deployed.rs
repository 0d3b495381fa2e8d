//! The settings that the deployed functions work with, against those that are used here. What changes something is refused
//! where they are not the same: it would map, select and send by rules that nobody deployed.

use crate::failure::Failure;
use function::Checked;
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

/// How to work with what is deployed, or to deploy what is not.
const HINT: &str = "leave out --config and RELAY_CONFIG, and the stack's own settings are used; or deploy yours first";

/// What is to be done with the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Nothing is changed: whoever reads the answer is told.
    Read,
    /// Something is changed.
    Change,
}

impl Purpose {
    /// Of a command that changes something with `--yes` alone.
    pub(crate) const fn with(yes: bool) -> Self {
        if yes { Self::Change } else { Self::Read }
    }
}

/// What one function said of its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Sha256(String),
    /// It cannot start, and does nothing by whatever settings it has.
    NotStarted(String),
    /// It could not be asked.
    Nothing(String),
}

/// The settings here, and what each function says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    here: String,
    functions: BTreeMap<String, Said>,
}

/// What scripts are told where the settings are not known to be the deployed ones.
#[derive(Serialize)]
pub(crate) struct Differ<'a> {
    /// SHA-256 of the file that is used here.
    here: &'a str,
    /// By function; null where it is not known.
    deployed: BTreeMap<&'a str, Option<&'a str>>,
}

impl Said {
    fn sha256(&self) -> Option<&str> {
        match self {
            Self::Sha256(sha256) => Some(sha256),
            Self::NotStarted(_) | Self::Nothing(_) => None,
        }
    }

    fn of(answer: Result<Value, Failure>) -> Self {
        let checked = match answer {
            Ok(answer) => serde_json::from_value::<Checked>(answer).map(|answer| answer.checked),
            Err(failure) => return Self::Nothing(failure.what().to_owned()),
        };
        let Ok(checked) = checked else { return Self::Nothing("its answer is not one to a check event".to_owned()) };
        match checked.iter().find_map(|check| check.sha256.clone()) {
            Some(sha256) => Self::Sha256(sha256),
            None => Self::NotStarted(checked.into_iter().find_map(|check| check.error).unwrap_or_default()),
        }
    }
}

/// What a function is asked for its settings.
pub(crate) fn event() -> Value {
    json!({"check": "settings"})
}

/// What a function is asked for the settings themselves.
pub(crate) fn file_event() -> Value {
    json!({"check": "file"})
}

impl Settings {
    /// The SHA-256 of the file that is used here, and what each function answered to [`event`].
    pub(crate) fn of(here: &str, answers: impl IntoIterator<Item = (String, Result<Value, Failure>)>) -> Self {
        let functions = answers.into_iter().map(|(name, answer)| (name, Said::of(answer)));
        Self { here: here.to_owned(), functions: functions.collect() }
    }

    /// The functions that work with other settings.
    fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.functions.iter().filter_map(|(name, said)| match said {
            Said::Sha256(sha256) if *sha256 != self.here => Some((name.as_str(), sha256.as_str())),
            _ => None,
        })
    }

    /// Of whom it is not known, and why.
    fn unknown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.functions.iter().filter_map(|(name, said)| match said {
            Said::Sha256(_) => None,
            Said::NotStarted(why) | Said::Nothing(why) => Some((name.as_str(), why.as_str())),
        })
    }

    /// Whether every function that can work is known to work with these settings.
    fn are_deployed(&self) -> bool {
        let known = |said: &Said| matches!(said, Said::Sha256(sha256) if *sha256 == self.here);
        self.functions.values().any(known)
            && self.functions.values().all(|said| known(said) || matches!(said, Said::NotStarted(_)))
    }

    /// Refuses to change anything by them, unless they are the deployed ones.
    pub(crate) fn refuse(&self) -> Result<(), Failure> {
        if self.others().next().is_some() {
            return Err(Failure::input(self).hint(HINT));
        }
        if self.are_deployed() {
            Ok(())
        } else {
            Err(Failure::because(format!("nothing was done: {self}")).hint(UNKNOWN))
        }
    }

    /// What is to be told before an answer that rests on them.
    pub(crate) fn differ(&self) -> Option<Differ<'_>> {
        let deployed = || self.functions.iter().map(|(name, said)| (name.as_str(), said.sha256())).collect();
        (!self.are_deployed()).then(|| Differ { here: &self.here, deployed: deployed() })
    }
}

/// What to do where nobody says which settings are deployed.
const UNKNOWN: &str = "what changes something asks the functions first; may you invoke them, and are they of this version? \
    `relay check` looks at them";

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others().map(|(name, sha256)| format!("{name} has {}", short(sha256))).collect();
        if others.is_empty() {
            let unknown: Vec<_> = self.unknown().map(|(name, why)| format!("{name}: {why}")).collect();
            return write!(f, "it is not known which settings are deployed: {}", unknown.join("; "));
        }
        write!(f, "these settings are not the deployed ones: SHA-256 {} here, {}", short(&self.here), others.join(", "))
    }
}

/// So much of a digest tells two files apart.
pub(crate) fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "aaaaaaaaaaaaaaaaaaaa";
    const THEIRS: &str = "bbbbbbbbbbbbbbbbbbbb";

    fn settings(said: [Said; 3]) -> Settings {
        let names = ["producer", "consumer", "reconciler"].map(str::to_owned);
        Settings { here: OURS.to_owned(), functions: names.into_iter().zip(said).collect() }
    }

    fn sha256(text: &str) -> Said {
        Said::Sha256(text.to_owned())
    }

    #[test]
    fn whatever_changes_something_needs_the_deployed_settings() {
        let silent = || Said::Nothing("could not start `consumer`".to_owned());
        let stopped = || Said::NotStarted("fill the secret".to_owned());
        for (said, code) in [
            ([sha256(OURS), sha256(OURS), sha256(OURS)], None),
            // One that cannot start does nothing by other settings.
            ([stopped(), sha256(OURS), stopped()], None),
            ([sha256(THEIRS), sha256(THEIRS), sha256(THEIRS)], Some(2)),
            // In the middle of a deployment.
            ([sha256(OURS), sha256(THEIRS), sha256(OURS)], Some(2)),
            ([sha256(THEIRS), silent(), stopped()], Some(2)),
            ([sha256(OURS), silent(), sha256(OURS)], Some(3)),
            ([silent(), silent(), silent()], Some(3)),
            ([stopped(), stopped(), stopped()], Some(3)),
        ] {
            let settings = settings(said);
            let refused = settings.refuse().err().map(|failure| failure.exit_code());
            assert_eq!((refused, settings.differ().is_some()), (code, code.is_some()), "{settings:?}");
        }
    }

    #[test]
    fn both_digests_are_named_and_the_way_to_the_right_file() {
        let settings = settings([sha256(OURS), sha256(THEIRS), sha256(OURS)]);
        let said = settings.refuse().unwrap_err().json().to_string();
        for named in ["aaaaaaaaaaaa here", "consumer has bbbbbbbbbbbb", "leave out --config"] {
            assert!(said.contains(named), "{said}");
        }
        let differ = serde_json::to_value(settings.differ()).unwrap();
        assert_eq!(differ["deployed"], json!({"producer": OURS, "consumer": THEIRS, "reconciler": OURS}));
    }

    #[test]
    fn an_answer_is_read_for_its_digest() {
        let check = |sha256| json!({"name": "configuration", "ok": true, "sha256": sha256});
        assert_eq!(Said::of(Ok(json!({"checked": [check(OURS)], "ok": true}))), sha256(OURS));
        let stopped = json!({"checked": [{"name": "secret", "ok": false, "error": "fill it"}], "ok": false});
        assert_eq!(Said::of(Ok(stopped)), Said::NotStarted("fill it".to_owned()));
        assert!(matches!(Said::of(Ok(json!({"runs": []}))), Said::Nothing(_)));
        assert_eq!(Said::of(Err(Failure::because("no"))), Said::Nothing("no".to_owned()));
    }
}
