//! As much of GraphQL as shows that a query asks for fields that are there, gets them under the names that it gives, and follows
//! lists in pages.  What it asks of, is documents as Shopify's reference describes its objects.

use serde_json::{Map, Value, json};

enum Selection {
    Field { alias: String, name: String, arguments: Vec<(String, String)>, of: Vec<Selection> },
    Spread(String),
    On(String, Vec<Selection>),
}

/// A query that was read, with its variables.
pub(crate) struct Query {
    of: Vec<Selection>,
    fragments: Vec<(String, Vec<Selection>)>,
    variables: Value,
}

/// The roots of what can be asked for.
pub(crate) struct Shop {
    pub(crate) orders: Vec<Value>,
    pub(crate) customers: Vec<Value>,
}

impl Query {
    pub(crate) fn read(text: &str, variables: Value) -> Query {
        let tokens = tokens(text);
        let mut rest = tokens.as_slice();
        let (mut of, mut fragments) = (Vec::new(), Vec::new());
        while let [kind, name, ..] = rest {
            let (kind, name) = (kind.clone(), name.clone());
            rest = &rest[rest.iter().position(|token| token == "{").unwrap()..];
            let read = selections(&mut rest);
            match kind.as_str() {
                "query" => of = read,
                "fragment" => fragments.push((name, read)),
                other => panic!("{other}"),
            }
        }
        Query { of, fragments, variables }
    }

    pub(crate) fn variable(&self, name: &str) -> &Value {
        &self.variables[name]
    }

    pub(crate) fn answer(&self, shop: &Shop) -> Value {
        let id = &self.variables["id"];
        let by_id = |all: &[Value]| all.iter().find(|it| it["id"] == *id).cloned().unwrap_or_default();
        let Selection::Field { name, .. } = &self.of[0] else { panic!("a query begins with a field") };
        let root = match name.as_str() {
            "orders" => json!({"nodes": shop.orders}),
            "order" => by_id(&shop.orders),
            "customer" => by_id(&shop.customers),
            "node" => {
                shop.orders.iter().chain(&shop.customers).find_map(|it| named(it, id)).cloned().unwrap_or_default()
            }
            "currentAppInstallation" => {
                json!({"accessScopes": [{"handle": "read_orders"}, {"handle": "read_customers"}]})
            }
            other => panic!("no root `{other}`"),
        };
        let roots = Map::from_iter([(name.clone(), root)]);
        self.select(&roots, &self.of).into()
    }

    fn select(&self, object: &Map<String, Value>, of: &[Selection]) -> Map<String, Value> {
        let mut found = Map::new();
        for selection in of {
            match selection {
                Selection::Field { alias, name, arguments, of } => {
                    let value = object.get(name).unwrap_or_else(|| panic!("no field `{name}` in {object:?}"));
                    let value = if name == "pageInfo" { value.clone() } else { self.paged(value, arguments) };
                    found.insert(alias.clone(), self.resolve(&value, of));
                }
                Selection::Spread(fragment) => {
                    let (_, of) = self.fragments.iter().find(|(name, _)| name == fragment).unwrap();
                    found.append(&mut self.select(object, of));
                }
                Selection::On(kind, of) => {
                    let named = object.get("id").and_then(Value::as_str).unwrap_or_default();
                    let is = object.get("__typename").and_then(Value::as_str) == Some(kind)
                        || named.starts_with(&format!("gid://shopify/{kind}/"));
                    if is {
                        found.append(&mut self.select(object, of));
                    }
                }
            }
        }
        found
    }

    fn resolve(&self, value: &Value, of: &[Selection]) -> Value {
        match value {
            Value::Object(object) => {
                assert!(!of.is_empty(), "an object without selection");
                self.select(object, of).into()
            }
            Value::Array(entries) => entries.iter().map(|entry| self.resolve(entry, of)).collect(),
            scalar => scalar.clone(),
        }
    }

    /// A list, cut to `first` from `after`: a cursor is the number of entries before it.
    fn paged(&self, value: &Value, arguments: &[(String, String)]) -> Value {
        let argument = |name: &str| {
            let (_, value) = arguments.iter().find(|(argument, _)| argument == name)?;
            let variable = value.strip_prefix('$').map(|variable| self.variables[variable].clone());
            variable.or_else(|| serde_json::from_str(value).ok())
        };
        let Some(nodes) = value.get("nodes").and_then(Value::as_array) else { return value.clone() };
        let first = usize::try_from(argument("first").unwrap().as_u64().unwrap()).unwrap();
        let after = argument("after").and_then(|after| after.as_str()?.parse().ok()).unwrap_or(0);
        let end = nodes.len().min(after + first);
        json!({
            "nodes": nodes[after..end],
            "pageInfo": {"hasNextPage": end < nodes.len(), "endCursor": end.to_string()}
        })
    }
}

fn named<'a>(value: &'a Value, id: &Value) -> Option<&'a Value> {
    match value {
        Value::Object(object) if object.get("id") == Some(id) => Some(value),
        Value::Object(object) => object.values().find_map(|value| named(value, id)),
        Value::Array(entries) => entries.iter().find_map(|value| named(value, id)),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let lines = text.lines().map(|line| line.split('#').next().unwrap());
    for c in lines.flat_map(|line| line.chars().chain([' '])) {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        match (c, tokens.last_mut()) {
            (' ' | ',', _) => tokens.push(String::new()),
            ('.', Some(last)) if last.starts_with('.') => last.push('.'),
            (c, Some(last)) if word(c) && last.chars().all(word) => last.push(c),
            (c, _) => tokens.push(c.into()),
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

fn take(rest: &mut &[String]) -> String {
    let (first, left) = rest.split_first().unwrap();
    *rest = left;
    first.clone()
}

fn selections(rest: &mut &[String]) -> Vec<Selection> {
    assert_eq!(take(rest), "{");
    let mut found = Vec::new();
    while rest[0] != "}" {
        let name = take(rest);
        if name == "..." {
            let name = take(rest);
            found.push(if name == "on" {
                Selection::On(take(rest), selections(rest))
            } else {
                Selection::Spread(name)
            });
            continue;
        }
        let (alias, name) = if rest[0] == ":" {
            take(rest);
            (name, take(rest))
        } else {
            (name.clone(), name)
        };
        let mut arguments = Vec::new();
        if rest[0] == "(" {
            take(rest);
            while rest[0] != ")" {
                let argument = take(rest);
                assert_eq!(take(rest), ":");
                arguments.push((argument, take(rest)));
            }
            take(rest);
        }
        let of = if rest[0] == "{" { selections(rest) } else { Vec::new() };
        found.push(Selection::Field { alias, name, arguments, of });
    }
    take(rest);
    found
}
