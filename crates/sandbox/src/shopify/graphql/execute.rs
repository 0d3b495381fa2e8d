//! Carries out a query over whole documents: takes what is selected, and refuses what is not there.
//! <https://spec.graphql.org/October2021/#sec-Execution>

use serde_json::{Map, Value, json};

use super::ast::{Argument, Document, Field, Fragment, Selection};
use super::parse;
use crate::shopify::graph::CONNECTION;

/// What a root field such as `order(id:)` is.
pub(in crate::shopify) trait Root {
    /// Its document (a connection for those that come in pages), or why there is none.
    fn field(&self, name: &str, arguments: &Map<String, Value>) -> Result<Value, Error>;
}

/// An error of the query itself: its code, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shopify) struct Error {
    pub(in crate::shopify) code: &'static str,
    pub(in crate::shopify) message: String,
}

impl Error {
    pub(in crate::shopify) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

struct Execution<'a> {
    document: &'a Document,
    variables: &'a Map<String, Value>,
    /// Nodes of a page at most.
    page_size: usize,
}

/// A query's data, and what it costs: a point for each object that is asked for by name, and for each ten of a page.
pub(in crate::shopify) fn execute(
    text: &str,
    variables: &Map<String, Value>,
    page_size: usize,
    root: &dyn Root,
) -> Result<(Value, f64), Error> {
    let parsed = parse::document(text);
    let document = parsed.map_err(|at| Error::new("GRAPHQL_PARSE_FAILED", format!("Parse error at place {at}")))?;
    let execution = Execution { document: &document, variables, page_size };
    let cost = execution.cost(&document.query)?;
    let mut data = Map::new();
    for item in &document.query {
        let Selection::Field(field) = item else {
            return Err(Error::new("undefinedField", "the root is selected field by field"));
        };
        let arguments = execution.arguments(field);
        let found = root.field(&field.name, &arguments)?;
        data.insert(field.key.clone(), execution.value(&found, field, &arguments)?);
    }
    Ok((Value::Object(data), cost))
}

impl Execution<'_> {
    fn object(
        &self,
        object: &Map<String, Value>,
        set: &[Selection],
        into: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let type_name = object.get("__typename").and_then(Value::as_str).unwrap_or_default();
        for item in set {
            match item {
                Selection::Field(field) => {
                    let found = object.get(&field.name).ok_or_else(|| {
                        let message = format!("Field '{}' doesn't exist on type '{type_name}'", field.name);
                        Error::new("undefinedField", message)
                    })?;
                    into.insert(field.key.clone(), self.value(found, field, &self.arguments(field))?);
                }
                Selection::Spread(name) => {
                    let fragment = self.fragment(name)?;
                    if fragment.on == type_name {
                        self.object(object, &fragment.set, into)?;
                    }
                }
                Selection::Inline(fragment) if fragment.on == type_name => self.object(object, &fragment.set, into)?,
                Selection::Inline(_) => {}
            }
        }
        Ok(())
    }

    fn fragment(&self, name: &str) -> Result<&Fragment, Error> {
        let found = self.document.fragments.get(name);
        found.ok_or_else(|| Error::new("undefinedFragment", format!("Fragment {name} was used, but not defined")))
    }

    fn value(&self, found: &Value, field: &Field, arguments: &Map<String, Value>) -> Result<Value, Error> {
        match found {
            Value::Object(object) if object.contains_key(CONNECTION) => {
                let page = self.page(&object[CONNECTION], &field.name, arguments)?;
                self.value(&page, field, &Map::new())
            }
            Value::Object(object) => {
                if field.set.is_empty() {
                    let message = format!("Field must have selections (field '{}')", field.name);
                    return Err(Error::new("selectionMismatch", message));
                }
                let mut selected = Map::new();
                self.object(object, &field.set, &mut selected)?;
                Ok(Value::Object(selected))
            }
            Value::Array(items) => items.iter().map(|item| self.value(item, field, arguments)).collect(),
            scalar => Ok(scalar.clone()),
        }
    }

    /// A page of a connection: `nodes`, `edges`, `pageInfo`. A node with a `__cursor` was selected with its place in mind.
    fn page(&self, nodes: &Value, name: &str, arguments: &Map<String, Value>) -> Result<Value, Error> {
        let first = arguments.get("first").and_then(Value::as_u64).and_then(|first| usize::try_from(first).ok());
        let first = first.ok_or_else(|| Error::new("missingRequiredArguments", format!("{name} needs first")))?;
        if first > self.page_size {
            return Err(Error::new("argumentLiteralsIncompatible", format!("{name}: at most {}", self.page_size)));
        }
        let removed = arguments.get("includeRemovals") == Some(&Value::Bool(true)) || name != "shippingLines";
        let nodes = nodes.as_array().into_iter().flatten();
        let nodes: Vec<&Value> = nodes.filter(|node| removed || node["isRemoved"] != true).collect();
        let is_placed = nodes.first().is_some_and(|node| node.get("__cursor").is_some());
        let cursor =
            |place: usize| if is_placed { nodes[place]["__cursor"].clone() } else { json!(format!("c{place}")) };
        let after = arguments.get("after").and_then(Value::as_str).filter(|_| !is_placed);
        let start = match after {
            None => 0,
            Some(cursor) => {
                let place = cursor.strip_prefix('c').and_then(|place| place.parse::<usize>().ok());
                place.ok_or_else(|| Error::new("INVALID_CURSOR", format!("{name}: no such cursor")))? + 1
            }
        };
        let end = (start + first).min(nodes.len());
        let places = start.min(end)..end;
        let edges =
            places.clone().map(|place| json!({"__typename": "Edge", "cursor": cursor(place), "node": nodes[place]}));
        let info = json!({
            "__typename": "PageInfo",
            "hasNextPage": end < nodes.len(),
            "hasPreviousPage": start > 0,
            "startCursor": places.clone().next().map(&cursor),
            "endCursor": places.clone().last().map(&cursor),
        });
        Ok(json!({
            "nodes": places.clone().map(|place| nodes[place]).collect::<Vec<_>>(),
            "edges": edges.collect::<Vec<_>>(),
            "pageInfo": info,
        }))
    }

    fn arguments(&self, field: &Field) -> Map<String, Value> {
        let taken = field.arguments.iter().map(|(name, argument)| {
            let value = match argument {
                Argument::Variable(name) => self.variables.get(name).cloned().unwrap_or(Value::Null),
                Argument::Given(value) => value.clone(),
            };
            (name.clone(), value)
        });
        taken.collect()
    }

    fn cost(&self, set: &[Selection]) -> Result<f64, Error> {
        let mut cost = 0.0;
        for item in set {
            cost += match item {
                Selection::Field(field) if field.set.is_empty() => 0.0,
                Selection::Field(field) => {
                    let first = self.arguments(field).get("first").and_then(Value::as_f64);
                    let inner = self.cost(&field.set)?;
                    first.map_or(1.0 + inner, |first| 1.0 + first / 10.0 * inner.max(1.0))
                }
                // Money is no object of its own.
                Selection::Spread(name) if self.fragment(name)?.on == "MoneyBag" => 0.0,
                Selection::Spread(name) => self.cost(&self.fragment(name)?.set)?,
                Selection::Inline(fragment) => self.cost(&fragment.set)?,
            };
        }
        Ok(cost)
    }
}
