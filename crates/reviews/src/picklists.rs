//! Configured values against what the org's fields can hold, for this flow.

use config::Relay;
use org::{Values, is_picklist, known};
use salesforce::{Field, Schema};

/// Looks at every value of `salesforce.completed`, at the stores' routes, and at the fields whose kind matters. A field that the
/// org does not have is left to [`Fields::find`](crate::fields::Fields::find).
///
/// # Errors
/// When Salesforce could not be asked.
pub async fn look(schema: &Schema<'_>, config: &Relay) -> Result<Values, salesforce::Error> {
    let order = &config.salesforce;
    let field = async |path: &config::FieldPath| known(schema, "Order", path).await;
    let mut found = Values::default();
    found.of_clauses(schema, "Order", "salesforce.completed", &order.completed).await?;
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
        of_routes(&mut found, &field, config);
    }
    let kinds: [(&str, _, &[&str], &str); 2] = [
        ("reviews.test_order", &config.reviews.test_order, &["boolean"], "a checkbox"),
        ("salesforce.currency", &order.currency, &["picklist", "string"], "a picklist or text field"),
    ];
    for (key, path, kinds, expected) in kinds {
        if let Some(path) = path
            && let Some(field) = field(path).await?
        {
            found.of_kind(&field, key, path, kinds, expected);
        }
    }
    Ok(found)
}

fn of_routes(found: &mut Values, field: &Field, config: &Relay) {
    if field.kind == "multipicklist" {
        let name = &field.name;
        found.notes.push(format!("`salesforce.route_by`: {name} takes several values; an order with two is parked"));
    }
    for (name, store) in &config.stores {
        for route in &store.routes {
            found.of_value(field, &format!("stores.{name}.routes"), route, |a, b| a == b);
        }
    }
    let routed = |value: &str| config.stores.values().any(|store| store.routes.iter().any(|route| route == value));
    let values = field.picklist_values.iter().filter(|value| value.active && is_picklist(field));
    let unrouted: Vec<_> =
        values.filter(|value| !routed(&value.value)).map(|value| format!("{:?}", value.value)).collect();
    if !unrouted.is_empty() {
        let (name, values) = (&field.name, unrouted.join(", "));
        found.notes.push(format!("`salesforce.route_by`: no store has {name} {values}; such orders are parked"));
    }
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
            of_routes(&mut found, &brands, &config(r#"is = ["x"]"#, routes));
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
