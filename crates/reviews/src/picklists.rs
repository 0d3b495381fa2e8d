//! Configured values against what the org's fields can hold: a status that no order ever has would select nothing, night
//! after night, and nobody would be told.

use config::{Literal, Relay};
use salesforce::{Field, Schema};

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

/// Looks at every value of `salesforce.completed`, at the stores' routes, and at the fields whose kind matters. A field that the
/// org does not have is left to [`Fields::find`](crate::fields::Fields::find).
///
/// # Errors
/// When Salesforce could not be asked.
pub async fn look(schema: &Schema<'_>, config: &Relay) -> Result<Values, salesforce::Error> {
    let order = &config.salesforce;
    let field = async |path: &config::FieldPath| match schema.resolve("Order", path.as_str()).await {
        Ok(found) => Ok(Some(found.field)),
        Err(salesforce::Error::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let mut found = Values::default();
    for clause in &order.completed {
        if let Some(field) = field(&clause.field).await? {
            found.of_clause(&field, clause);
        }
    }
    for (key, path, comes_of_it) in [
        (
            "salesforce.order_id",
            Some(&order.order_id),
            "an order would be looked for, and sent again, under its new name",
        ),
        (
            "salesforce.route_by",
            order.route_by.as_ref(),
            "an order stays parked, or with the store that it was sent for",
        ),
        ("reviews.test_order", config.reviews.test_order.as_ref(), "an order stays skipped after a week"),
    ] {
        if let Some(path) = path
            && let Some(field) = field(path).await?
            && field.calculated
        {
            let path = path.as_str();
            found.notes.push(format!("`{key}`: {path} is a formula, which changes without the order: {comes_of_it}"));
        }
    }
    if let Some(path) = &order.route_by
        && let Some(field) = field(path).await?
    {
        found.of_routes(&field, config);
    }
    let kinds: [(&str, _, &[&str], &str); 2] = [
        ("reviews.test_order", &config.reviews.test_order, &["boolean"], "a checkbox"),
        ("salesforce.currency", &order.currency, &["picklist", "string"], "a picklist or text field"),
    ];
    for (key, path, kinds, expected) in kinds {
        if let Some(path) = path
            && let Some(field) = field(path).await?
            && !kinds.contains(&field.kind.as_str())
        {
            let kind = &field.kind;
            found.wrong.push(format!("`{key}` is {:?}, a field of type {kind}; expected {expected}", path.as_str()));
        }
    }
    Ok(found)
}

impl Values {
    /// The notes, or what is wrong as one error.
    ///
    /// # Errors
    /// When something cannot be meant.
    pub fn judged(self) -> Result<Vec<String>, Unmeant> {
        if self.wrong.is_empty() { Ok(self.notes) } else { Err(Unmeant(self.wrong.join("; "))) }
    }

    fn of_clause(&mut self, field: &Field, clause: &config::Clause) {
        for value in &clause.values {
            // SOQL compares without regard to case.
            if let Literal::Text(value) = value {
                self.of_value(field, "salesforce.completed", value, str::eq_ignore_ascii_case);
            }
        }
    }

    fn of_routes(&mut self, field: &Field, config: &Relay) {
        if field.kind == "multipicklist" {
            let name = &field.name;
            self.notes.push(format!("`salesforce.route_by`: {name} takes several values; an order with two is parked"));
        }
        for (name, store) in &config.stores {
            for route in &store.routes {
                self.of_value(field, &format!("stores.{name}.routes"), route, |a, b| a == b);
            }
        }
        let routed = |value: &str| config.stores.values().any(|store| store.routes.iter().any(|route| route == value));
        let values = field.picklist_values.iter().filter(|value| value.active && is_picklist(field));
        let unrouted: Vec<_> =
            values.filter(|value| !routed(&value.value)).map(|value| format!("{:?}", value.value)).collect();
        if !unrouted.is_empty() {
            let (name, values) = (&field.name, unrouted.join(", "));
            self.notes.push(format!("`salesforce.route_by`: no store has {name} {values}; such orders are parked"));
        }
    }

    fn of_value(&mut self, field: &Field, key: &str, value: &str, is_same: impl Fn(&str, &str) -> bool) {
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
}

fn is_picklist(field: &Field) -> bool {
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

    fn config(completed: &str, routes: &str) -> Relay {
        let text = include_str!("../../../infra/config/relay.toml")
            .replace(r#"is = ["Completed"]"#, completed)
            .replace("#route_by = \"Brand__c\"", "route_by = \"Status\"")
            .replace("#routes = [\"Acme\", \"Acme Outlet\"]", routes);
        Relay::parse(&text, "test").unwrap()
    }

    fn of_clause(field: &Field, completed: &str) -> Values {
        let mut found = Values::default();
        found.of_clause(field, &config(completed, "routes = [\"a\"]").salesforce.completed[0]);
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

    #[tokio::test]
    async fn a_formula_that_names_an_order_is_a_note() {
        let formula = ("\norder_id = \"OrderNumber\"", "\norder_id = \"Completed_Formula__c\"");
        let (config, client) = crate::fields::tests::org(&[formula]);
        let notes = look(&client.schema(), &config).await.unwrap().judged().unwrap();
        assert!(notes.iter().any(|note| note.starts_with("`salesforce.order_id`: Completed_Formula__c")), "{notes:?}");
    }

    #[test]
    fn routes_are_compared_to_the_letter_and_what_nobody_routes_is_a_note() {
        let brands = field("picklist", &[("Acme", true), ("Other", true), ("Gone", false)]);
        let found = |routes: &str| {
            let mut found = Values::default();
            found.of_routes(&brands, &config(r#"is = ["x"]"#, routes));
            found
        };
        let good = found(r#"routes = ["Acme"]"#);
        let note = "`salesforce.route_by`: no store has Status \"Other\"; such orders are parked";
        assert_eq!(good, Values { wrong: vec![], notes: vec![note.to_owned()] });
        let wrong = found(r#"routes = ["acme", "Other"]"#);
        assert_eq!(
            wrong.wrong,
            ["`stores.default.routes`: \"acme\" is no value of picklist Status; expected \"Acme\""]
        );
    }
}
