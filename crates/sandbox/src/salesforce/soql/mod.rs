//! The subset of SOQL that the sandbox answers.
//! <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm>
//!
//! `SELECT` of fields, dotted parent fields, one level of child subqueries, or `COUNT()`; `FROM` one object;
//! `WHERE` with `AND`, `OR`, `NOT` and parentheses (which, as at Salesforce, a mixture of `AND` and `OR`
//! needs), `= != < <= > >= LIKE IN NOT IN`, dateTime and date literals (no `YESTERDAY` and its like);
//! `ORDER BY`, `LIMIT`, `OFFSET`. Everything else is `MALFORMED_QUERY`.

mod ast;
mod compare;
mod literal;
mod parse;
mod plan;
mod resolve;

pub(crate) use plan::{Plan, Selection};

use super::org::Org;

/// Why a query is not answered: an `errorCode` and the `message` that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SoqlError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// Parses a query and resolves its names in the org.
pub(crate) fn plan(org: &Org, soql: &str) -> Result<Plan, SoqlError> {
    if soql.trim().is_empty() {
        return Err(SoqlError {
            code: "MALFORMED_QUERY",
            message: "SOQL statements cannot be empty or null".to_owned(),
        });
    }
    resolve::query(org, soql, &parse::query(soql)?)
}

/// Salesforce's picture of where an error is: some text before it, a caret, the position, the sentence.
fn at(soql: &str, offset: usize, sentence: &str) -> String {
    let start = soql[..offset].char_indices().rev().nth(39).map_or(0, |(at, _)| at);
    let end = soql[offset..].char_indices().nth(20).map_or(soql.len(), |(at, _)| offset + at);
    let row = soql[..offset].matches('\n').count() + 1;
    let column = soql[..offset].chars().rev().take_while(|c| *c != '\n').count() + 1;
    let indent = " ".repeat(soql[start..offset].chars().count());
    let shown = soql[start..end].replace('\n', " ");
    format!("\n{shown}\n{indent}^\nERROR at Row:{row}:Column:{column}\n{sentence}")
}

#[cfg(test)]
mod tests;
