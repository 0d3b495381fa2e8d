//! Configured values against what the org's fields can hold: a status that no record ever has would select nothing, night after
//! night, and nobody would be told.

use config::{Clause, FieldPath, Literal};
use salesforce::{Error, Field, Schema};

/// How alike two values are, 0 to 1, for one to be named as what was meant.
const ALIKE: f64 = 0.6;
/// So many values are named at the most.
const NAMED: usize = 3;

/// What was found about the configured values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// What cannot be meant, each naming key and value, and what was expected.
    pub wrong: Vec<String>,
    /// What may be meant.
    pub notes: Vec<String>,
}

/// Values that cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: {0}")]
pub struct Unmeant(String);

impl Values {
    /// The notes, or what is wrong as one error.
    ///
    /// # Errors
    /// When something cannot be meant.
    pub fn judged(self) -> Result<Vec<String>, Unmeant> {
        if self.wrong.is_empty() { Ok(self.notes) } else { Err(Unmeant(self.wrong.join("; "))) }
    }

    /// Looks at the values of a condition; `key` is where the settings have it.  A field that the org does not have is left to
    /// whoever finds fields.
    ///
    /// # Errors
    /// When Salesforce could not be asked.
    pub async fn of_clauses(
        &mut self,
        schema: &Schema<'_>,
        object: &str,
        key: &str,
        clauses: &[Clause],
    ) -> Result<(), Error> {
        for clause in clauses {
            if let Some(field) = known(schema, object, &clause.field).await? {
                self.of_clause(&field, key, clause);
            }
        }
        Ok(())
    }

    fn of_clause(&mut self, field: &Field, key: &str, clause: &Clause) {
        for value in &clause.values {
            // SOQL compares without regard to case.
            if let Literal::Text(value) = value {
                self.of_value(field, key, value, str::eq_ignore_ascii_case);
            }
        }
    }

    /// Looks at one value of a field.
    pub fn of_value(&mut self, field: &Field, key: &str, value: &str, is_same: impl Fn(&str, &str) -> bool) {
        if !is_picklist(field) {
            return;
        }
        let name = &field.name;
        match field.picklist_values.iter().find(|known| is_same(&known.value, value)) {
            Some(known) if known.active => {}
            Some(_) => self.notes.push(format!("`{key}`: {value:?} of picklist {name} is not active any more")),
            None => {
                let expected = nearest(field, value);
                self.wrong.push(format!("`{key}`: {value:?} is no value of picklist {name}; expected {expected}"));
            }
        }
    }

    /// Looks at the type of a field.
    pub fn of_kind(&mut self, field: &Field, key: &str, path: &FieldPath, kinds: &[&str], expected: &str) {
        let kind = &field.kind;
        if !kinds.contains(&kind.as_str()) {
            self.wrong.push(format!("`{key}` is {:?}, a field of type {kind}; expected {expected}", path.as_str()));
        }
    }
}

/// The field at the end of a configured path, if the org has it.
///
/// # Errors
/// When Salesforce could not be asked.
pub async fn known(schema: &Schema<'_>, object: &str, path: &FieldPath) -> Result<Option<Field>, Error> {
    match schema.resolve(object, path.as_str()).await {
        Ok(found) => Ok(Some(found.field)),
        Err(Error::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a field takes one of a list of values.
pub fn is_picklist(field: &Field) -> bool {
    field.kind == "picklist"
}

/// The values that are most like `value`; if none is, the first ones. Active values before others.
fn nearest(field: &Field, value: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &value.to_lowercase());
    let mut known: Vec<_> =
        field.picklist_values.iter().map(|known| (likeness(&known.value), known.active, &known.value)).collect();
    if known.is_empty() {
        return "one of its values, and it has none".to_owned();
    }
    known.sort_by(|a, b| b.1.cmp(&a.1).then(b.0.total_cmp(&a.0)));
    let alike = known.iter().filter(|known| known.0 >= ALIKE).count();
    known.truncate(if alike == 0 { NAMED } else { alike.min(NAMED) });
    let named: Vec<_> = known.iter().map(|known| format!("{:?}", known.2)).collect();
    named.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: &str, values: &[(&str, bool)]) -> Field {
        let values: Vec<_> = values.iter().map(|(value, active)| json!({"value": value, "active": active})).collect();
        serde_json::from_value(json!({"name": "Status", "type": kind, "picklistValues": values})).unwrap()
    }

    fn of_clause(field: &Field, completed: &str) -> Values {
        let text = include_str!("../../../infra/config/relay.toml").replace(r#"is = ["Completed"]"#, completed);
        let config = config::Relay::parse(&text, "test").unwrap();
        let mut found = Values::default();
        found.of_clause(field, "salesforce.completed", &config.salesforce.completed[0]);
        found
    }

    #[test]
    fn a_value_that_is_none_is_named_with_what_is_most_like_it() {
        let status = field("picklist", &[("Draft", true), ("Completed", true), ("Completed (old)", false)]);
        assert_eq!(of_clause(&status, r#"is = ["completed"]"#), Values::default());
        let found = of_clause(&status, r#"is_not = ["Compleated"]"#);
        let said = "`salesforce.completed`: \"Compleated\" is no value of picklist Status; expected \"Completed\" or ";
        assert!(found.wrong.len() == 1 && found.wrong[0].starts_with(said), "{found:?}");
        assert!(found.judged().unwrap_err().to_string().starts_with("misconfigured: `salesforce.completed`"));
        let found = of_clause(&status, r#"is = ["zzz"]"#);
        assert!(found.wrong[0].ends_with("expected \"Draft\" or \"Completed\" or \"Completed (old)\""), "{found:?}");
        assert_eq!(of_clause(&field("picklist", &[]), r#"is = ["x"]"#).wrong.len(), 1);
        // What is no picklist can hold anything.
        assert_eq!(of_clause(&field("string", &[]), r#"is = ["x"]"#), Values::default());
        assert_eq!(of_clause(&field("boolean", &[]), "is = [true]"), Values::default());
    }

    #[test]
    fn a_value_that_is_not_on_offer_any_more_is_a_note() {
        let found = of_clause(&field("picklist", &[("Old", false)]), r#"is = ["Old"]"#);
        assert_eq!(
            found.judged().unwrap(),
            ["`salesforce.completed`: \"Old\" of picklist Status is not active any more"]
        );
    }
}
