//! From [`Query`] to [`Plan`]: names become columns, literals are checked against the types of their fields.
//! The sentences are Salesforce's, since clients tell errors apart by them.

use std::sync::Arc;

use super::ast::{Condition, Item, Operator, OrderBy, Path, Query};
use super::compare::Operand;
use super::literal::{Glob, Literal, pattern, unescape};
use super::plan::{Column, Plan, Selection, SortKey, Test};
use super::{SoqlError, at};
use crate::salesforce::cell::Cell;
use crate::salesforce::kind::Kind;
use crate::salesforce::objects::{Object, Parent};
use crate::salesforce::org::{Org, Reference};
use crate::salesforce::schema::Field;

const HINT: &str =
    "after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";

/// Resolves a whole query.
pub(super) fn query(org: &Org, soql: &str, query: &Query) -> Result<Plan, SoqlError> {
    let resolver = Resolver { org, soql };
    let name = query.from.parts.join(".");
    let object = org.object(&name).ok_or_else(|| {
        let sentence = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the \
             '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        );
        resolver.error("INVALID_TYPE", &query.from, &sentence)
    })?;
    resolver.plan(query, object, true)
}

struct Resolver<'a> {
    org: &'a Org,
    soql: &'a str,
}

impl Resolver<'_> {
    fn error(&self, code: &'static str, path: &Path, sentence: &str) -> SoqlError {
        SoqlError { code, message: at(self.soql, path.at, sentence) }
    }

    fn plan(&self, query: &Query, object: Object, outermost: bool) -> Result<Plan, SoqlError> {
        let mut selection = Selection::default();
        let counts = query.select == [Item::Count];
        for item in &query.select {
            match item {
                Item::Field(path) => self.select(&mut selection, object, path, &path.parts)?,
                Item::Children(inner) if outermost => {
                    let (name, children) = self.children(object, inner)?;
                    let plan = self.plan(inner, children.from, false)?;
                    selection.children.push((name, children, Arc::new(plan)));
                }
                Item::Children(inner) => {
                    return Err(self.error(
                        "MALFORMED_QUERY",
                        &inner.from,
                        "only root queries support aggregate expressions",
                    ));
                }
                Item::Count if counts && outermost => {}
                Item::Count => return Err(self.error("MALFORMED_QUERY", &query.from, "unexpected token: 'COUNT'")),
            }
        }
        let test = query.condition.as_ref().map(|condition| self.test(object, condition)).transpose()?;
        let order = query.order.iter().map(|key| self.sort_key(object, key)).collect::<Result<_, _>>()?;
        let (limit, offset) = (query.limit, query.offset.unwrap_or(0));
        if offset > 2000 {
            let sentence = "Maximum SOQL offset allowed is 2000";
            return Err(SoqlError { code: "NUMBER_OUTSIDE_VALID_RANGE", message: sentence.to_owned() });
        }
        Ok(Plan { object, selection, counts, deleted: false, test, order, limit, offset })
    }

    fn children(&self, object: Object, inner: &Query) -> Result<(&'static str, Reference), SoqlError> {
        let name = inner.from.parts.join(".");
        let found = self.org.children(object).find(|(known, _)| known.eq_ignore_ascii_case(&name));
        found.ok_or_else(|| {
            let sentence = format!(
                "Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom \
                 relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or \
                 the describe call for the appropriate names."
            );
            self.error("INVALID_TYPE", &inner.from, &sentence)
        })
    }

    fn field(&self, object: Object, path: &Path, name: &str) -> Result<(usize, &Field), SoqlError> {
        self.org.table(object).schema.find(name).ok_or_else(|| {
            let sentence = format!(
                "No such column '{name}' on entity '{}'. If you are attempting to use a custom field, be sure to append \
                 the '__c' {HINT}",
                object.name
            );
            self.error("INVALID_FIELD", path, &sentence)
        })
    }

    fn parent(&self, object: Object, path: &Path, name: &str) -> Result<(usize, Parent), SoqlError> {
        self.org.table(object).schema.find_parent(name).ok_or_else(|| {
            let sentence = format!(
                "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom \
                 relationship, be sure to append the '__r' {}",
                HINT.replace("field name", "relationship name")
            );
            self.error("INVALID_FIELD", path, &sentence)
        })
    }

    fn select(&self, into: &mut Selection, object: Object, path: &Path, parts: &[String]) -> Result<(), SoqlError> {
        let [relationship, rest @ ..] = parts else { return Ok(()) };
        if rest.is_empty() {
            let (column, field) = self.field(object, path, relationship)?;
            if into.fields.iter().any(|(known, _)| *known == column) {
                let sentence = format!("duplicate field selected: {}", path.parts.join("."));
                return Err(SoqlError { code: "MALFORMED_QUERY", message: sentence });
            }
            into.fields.push((column, field.name.clone()));
            return Ok(());
        }
        let (column, parent) = self.parent(object, path, relationship)?;
        let known = into.parents.iter().position(|(known, ..)| *known == column).unwrap_or_else(|| {
            into.parents.push((column, parent, Selection::default()));
            into.parents.len() - 1
        });
        self.select(&mut into.parents[known].2, parent.object, path, rest)
    }

    fn column(&self, object: Object, path: &Path) -> Result<(Column, &Field), SoqlError> {
        let mut hops = Vec::new();
        let mut object = object;
        let (last, relationships) = path.parts.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
        for relationship in relationships {
            let (reference, parent) = self.parent(object, path, relationship)?;
            hops.push((reference, parent.object));
            object = parent.object;
        }
        let (column, field) = self.field(object, path, last)?;
        Ok((Column { hops, column }, field))
    }

    fn sort_key(&self, object: Object, key: &OrderBy) -> Result<SortKey, SoqlError> {
        let (column, field) = self.column(object, &key.path)?;
        if field.kind == Kind::LongText {
            let sentence = format!("field '{}' can not be sorted in a query call", field.name);
            return Err(self.error("INVALID_FIELD", &key.path, &sentence));
        }
        Ok(SortKey { column, descending: key.descending, nulls_last: key.nulls_last })
    }

    fn test(&self, object: Object, condition: &Condition) -> Result<Test, SoqlError> {
        let all = |conditions: &[Condition]| {
            conditions.iter().map(|one| self.test(object, one)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match condition {
            Condition::And(conditions) => Test::And(all(conditions)?),
            Condition::Or(conditions) => Test::Or(all(conditions)?),
            Condition::Not(condition) => Test::Not(Box::new(self.test(object, condition)?)),
            Condition::Compare(path, operator, value) => {
                let (column, field) = self.column(object, path)?;
                Test::Is(column, self.operand(path, field, *operator, value)?)
            }
            Condition::In { path, negated, values } => {
                let (column, field) = self.column(object, path)?;
                let one = |value| self.operand(path, field, Operator::Equal, value);
                let test = Test::In(column, values.iter().map(one).collect::<Result<_, _>>()?);
                if *negated { Test::Not(Box::new(test)) } else { test }
            }
        })
    }

    fn operand(&self, path: &Path, field: &Field, operator: Operator, value: &Literal) -> Result<Operand, SoqlError> {
        let name = &field.name;
        let is_text = matches!(field.kind, Kind::Text | Kind::Email | Kind::Phone | Kind::Url | Kind::Picklist);
        if field.kind == Kind::LongText {
            let sentence = format!("field '{name}' can not be filtered in a query call");
            return Err(self.error("INVALID_FIELD", path, &sentence));
        }
        if operator == Operator::Like {
            return match value {
                Literal::Text(raw) if is_text => Ok(Operand::Like(pattern(raw).into_iter().flat_map(lower).collect())),
                _ => Err(self.error("INVALID_QUERY_FILTER_OPERATOR", path, "invalid operator on field")),
            };
        }
        let cell = match (field.kind, value) {
            (Kind::Boolean, Literal::Null) => Cell::Bool(false),
            (_, Literal::Null) => Cell::Null,
            (Kind::Id | Kind::Reference, Literal::Text(raw)) => {
                let id = unescape(raw);
                Cell::Id(id.parse().map_err(|_| {
                    self.error("INVALID_QUERY_FILTER_OPERATOR", path, &format!("invalid ID field: {id}"))
                })?)
            }
            (_, Literal::Text(raw)) if is_text => Cell::Text(unescape(raw).into()),
            (Kind::Boolean, Literal::Bool(is)) => Cell::Bool(*is),
            (Kind::Double | Kind::Currency, Literal::Number(number)) => Cell::Number(*number),
            (Kind::Date, Literal::Date(date)) => Cell::Date(*date),
            (Kind::DateTime, Literal::DateTime(at)) => Cell::DateTime(*at),
            (kind, _) => {
                let (kind, quotes) = match kind {
                    Kind::DateTime => ("dateTime", "should not be"),
                    Kind::Date | Kind::Boolean | Kind::Double | Kind::Currency => (kind.name(), "should not be"),
                    _ => ("string", "should be"),
                };
                let sentence = format!(
                    "value of filter criterion for field '{name}' must be of type {kind} and {quotes} enclosed in quotes"
                );
                return Err(self.error("INVALID_FIELD", path, &sentence));
            }
        };
        Ok(Operand::Cell(operator, cell))
    }
}

fn lower(glob: Glob) -> Vec<Glob> {
    match glob {
        Glob::Char(c) => c.to_lowercase().map(Glob::Char).collect(),
        other => vec![other],
    }
}
