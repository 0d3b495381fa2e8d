//! A clause of the settings, as Salesforce is asked it, and as it holds of a row that is there already.

use config::{Clause, Literal};
use salesforce::{Record, soql};

/// A clause on the field `path`, in SOQL.
pub fn compare(path: &str, clause: &Clause) -> String {
    let values: Vec<String> = clause.values.iter().map(literal).collect();
    match (values.as_slice(), clause.negated) {
        // IN takes no booleans reliably.
        ([yes, no], false) if matches!(clause.values[0], Literal::Boolean(_)) => {
            format!("({path} = {yes} OR {path} = {no})")
        }
        ([value], false) => format!("{path} = {value}"),
        ([value], true) => format!("{path} != {value}"),
        (values, false) => format!("{path} IN ({})", values.join(", ")),
        (values, true) => format!("{path} NOT IN ({})", values.join(", ")),
    }
}

/// Whether a clause on the field `path` holds of `row`, as in SOQL: text without regard to case, and what is empty is none of the
/// values.
pub fn holds(path: &str, clause: &Clause, row: &Record) -> bool {
    let text = row.text(path);
    let is = |value: &Literal| match (value, text.as_deref()) {
        // A checkbox is never empty, also where there is no record to have it.
        (Literal::Boolean(wanted), text) => text.unwrap_or("false") == if *wanted { "true" } else { "false" },
        (_, None) => false,
        (Literal::Integer(wanted), Some(text)) => text.parse() == Ok(*wanted),
        (Literal::Decimal(wanted), Some(text)) => text.parse() == Ok(*wanted),
        (Literal::Text(wanted), Some(text)) => text.to_lowercase() == wanted.to_lowercase(),
    };
    clause.values.iter().any(is) != clause.negated
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(value) => value.to_string(),
        Literal::Text(text) => soql::quote(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn clause(toml: &str) -> config::Clause {
        let text = include_str!("../../../infra/config/relay.toml")
            .replace(r#"completed = [{ field = "Status", is = ["Completed"] }]"#, &format!("completed = [{toml}]"));
        config::Relay::parse(&text, "test").unwrap().salesforce.completed.remove(0)
    }

    #[test]
    fn a_value_stays_a_value_whatever_it_says() {
        let clause = clause(r#"{ field = "Status", is = ["x' OR Name != '"] }"#);
        assert_eq!(compare("Status", &clause), r"Status = 'x\' OR Name != \''");
    }

    #[test]
    fn clauses_become_soql() {
        assert_eq!(compare("S", &clause(r#"{ field = "S", is_not = ["a", "b"] }"#)), "S NOT IN ('a', 'b')");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is = [false] }"#)), "S = false");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is = [true, false] }"#)), "(S = true OR S = false)");
        assert_eq!(compare("S", &clause(r#"{ field = "S", is_not = [3] }"#)), "S != 3");
    }

    #[test]
    fn a_clause_holds_of_a_row_as_salesforce_would_have_it() {
        let row = |value: serde_json::Value| -> Record { serde_json::from_value(json!({"F": value})).unwrap() };
        for (toml, value, expected) in [
            (r#"{ field = "F", is = ["Tax", "Fee"] }"#, json!("tax"), true),
            (r#"{ field = "F", is = ["Tax"] }"#, json!("Taxi"), false),
            (r#"{ field = "F", is = ["Tax"] }"#, json!(null), false),
            (r#"{ field = "F", is_not = ["Tax"] }"#, json!(null), true),
            (r#"{ field = "F", is_not = ["Tax", "Fee"] }"#, json!("FEE"), false),
            (r#"{ field = "F", is = [true] }"#, json!(true), true),
            (r#"{ field = "F", is = [false] }"#, json!(null), true),
            (r#"{ field = "F", is = [3] }"#, json!(3.0), true),
            (r#"{ field = "F", is = [2.5] }"#, json!(2.50), true),
            (r#"{ field = "F", is_not = [3] }"#, json!(4), true),
        ] {
            assert_eq!(holds("F", &clause(toml), &row(value.clone())), expected, "{toml} of {value}");
        }
    }
}
