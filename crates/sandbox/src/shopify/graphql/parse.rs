//! From text to [`Document`].

use std::collections::BTreeMap;

use serde_json::Value;
use winnow::ascii::{line_ending, till_line_ending};
use winnow::combinator::{alt, cut_err, delimited, opt, preceded, repeat, separated_pair, terminated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{literal, one_of, take_till, take_while};

use super::ast::{Argument, Document, Field, Fragment, Selection};

type In<'a> = &'a str;
type Err = ErrMode<ContextError>;

enum Definition {
    Query(Vec<Selection>),
    Fragment(String, Fragment),
}

/// Parses a whole document; what is wrong is told by its place.
pub(super) fn document(text: &str) -> Result<Document, usize> {
    let definitions: Vec<Definition> =
        terminated(repeat(1.., definition), ignored).parse(text).map_err(|error| error.offset())?;
    let (mut query, mut fragments) = (Vec::new(), BTreeMap::new());
    for definition in definitions {
        match definition {
            Definition::Query(set) => query = set,
            Definition::Fragment(name, fragment) => drop(fragments.insert(name, fragment)),
        }
    }
    Ok(Document { query, fragments })
}

/// Spaces, commas, comments.
fn ignored(input: &mut In<'_>) -> ModalResult<()> {
    let space = take_while(1.., |c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}')).void();
    let comment = ('#', till_line_ending, opt(line_ending)).void();
    repeat(0.., alt((space, comment))).parse_next(input)
}

fn name<'a>(input: &mut In<'a>) -> ModalResult<&'a str> {
    let first = one_of(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_');
    preceded(ignored, (first, rest).take()).parse_next(input)
}

fn keyword<'a>(word: &'static str) -> impl Parser<In<'a>, (), Err> {
    name.verify(move |found: &str| found == word).void()
}

fn symbol<'a>(text: &'static str) -> impl Parser<In<'a>, (), Err> {
    preceded(ignored, literal(text)).void()
}

fn definition(input: &mut In<'_>) -> ModalResult<Definition> {
    let variables = delimited(symbol("("), take_till(0.., ')'), symbol(")"));
    let query = preceded((keyword("query"), opt(name), opt(variables)), cut_err(set));
    let fragment = preceded(keyword("fragment"), cut_err((name, preceded(keyword("on"), name), set)));
    alt((
        query.map(Definition::Query),
        fragment.map(|(name, on, set)| Definition::Fragment(name.to_owned(), Fragment { on: on.to_owned(), set })),
        set.map(Definition::Query),
    ))
    .parse_next(input)
}

fn set(input: &mut In<'_>) -> ModalResult<Vec<Selection>> {
    delimited(symbol("{"), repeat(1.., selection), symbol("}")).parse_next(input)
}

fn selection(input: &mut In<'_>) -> ModalResult<Selection> {
    let inline = (preceded(keyword("on"), name), set);
    let inline = inline.map(|(on, set)| Selection::Inline(Fragment { on: on.to_owned(), set }));
    let spread = name.map(|name: &str| Selection::Spread(name.to_owned()));
    alt((preceded(symbol("..."), cut_err(alt((inline, spread)))), field.map(Selection::Field))).parse_next(input)
}

fn field(input: &mut In<'_>) -> ModalResult<Field> {
    let first = name.parse_next(input)?;
    let second = opt(preceded(symbol(":"), name)).parse_next(input)?;
    let pair = separated_pair(name.map(str::to_owned), symbol(":"), argument);
    let arguments = opt(delimited(symbol("("), repeat(1.., pair), symbol(")"))).parse_next(input)?;
    let set = opt(set).parse_next(input)?.unwrap_or_default();
    let (key, name) = (first.to_owned(), second.unwrap_or(first).to_owned());
    Ok(Field { name, key, arguments: arguments.unwrap_or_default(), set })
}

fn argument(input: &mut In<'_>) -> ModalResult<Argument> {
    let variable = preceded(symbol("$"), name).map(|name: &str| Argument::Variable(name.to_owned()));
    alt((variable, value.map(Argument::Given))).parse_next(input)
}

/// Numbers, texts without escapes, `true`, `false`, `null`, and names of enums as texts.
fn value(input: &mut In<'_>) -> ModalResult<Value> {
    let number = preceded(ignored, take_while(1.., |c: char| c.is_ascii_digit() || matches!(c, '-' | '.')));
    let text = delimited(symbol("\""), take_till(0.., ['"', '\\']), literal("\""));
    let word = name.map(|word: &str| match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        name => Value::String(name.to_owned()),
    });
    alt((
        number.verify_map(|text: &str| serde_json::from_str(text).ok()),
        text.map(|text: &str| Value::String(text.to_owned())),
        word,
    ))
    .parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_with_all_that_clients_use() {
        let text = "query Orders($first: Int!, $after: String) { # all
            orders(first: $first, after: $after, sortKey: UPDATED_AT, reverse: false) { nodes { ...Whole } }
        }
        fragment Whole on Order { id, order_number: number purchasingEntity { ... on PurchasingCompany { company { id } } } }";
        let document = document(text).unwrap();
        let Selection::Field(orders) = &document.query[0] else { panic!("no field") };
        assert_eq!(orders.arguments.len(), 4);
        assert_eq!(orders.arguments[2].1, Argument::Given(Value::String("UPDATED_AT".to_owned())));
        let Selection::Field(number) = &document.fragments["Whole"].set[1] else { panic!("no field") };
        assert_eq!((number.key.as_str(), number.name.as_str()), ("order_number", "number"));
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for wrong in ["", "{", "query { }", "mutation { orderClose { id } }", "{ a(x: ) }", "fragment F { id }"] {
            assert!(document(wrong).is_err(), "{wrong}");
        }
    }
}
