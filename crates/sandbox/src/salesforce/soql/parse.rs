//! From text to [`Query`].

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, cut_err, delimited, opt, preceded, repeat, separated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{literal, none_of, one_of, take_while};

use super::ast::{Condition, Item, Operator, OrderBy, Path, Query};
use super::literal::{ESCAPES, Literal};
use super::{SoqlError, at};

type In<'a> = LocatingSlice<&'a str>;
type Err = ErrMode<ContextError>;

/// Parses a whole query.
pub(super) fn query(soql: &str) -> Result<Query, SoqlError> {
    (select, multispace0).map(|(query, _)| query).parse(LocatingSlice::new(soql)).map_err(|error| {
        let spaces = soql[error.offset()..].len() - soql[error.offset()..].trim_start().len();
        let offset = error.offset() + spaces;
        let is_word = |c: char| c.is_alphanumeric() || "_.".contains(c);
        let rest = &soql[offset..];
        let token = match rest.find(|c| !is_word(c)) {
            Some(0) => rest.chars().next().map(String::from).unwrap_or_default(),
            Some(end) => rest[..end].to_owned(),
            None if rest.is_empty() => "<EOF>".to_owned(),
            None => rest.to_owned(),
        };
        let message = at(soql, offset, &format!("unexpected token: '{token}'"));
        SoqlError { code: "MALFORMED_QUERY", message }
    })
}

fn word<'a>(input: &mut In<'a>) -> ModalResult<&'a str> {
    let first = one_of(|c: char| c.is_ascii_alphabetic() || c == '_');
    (first, take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_')).take().parse_next(input)
}

fn keyword<'a>(name: &'static str) -> impl Parser<In<'a>, (), Err> {
    preceded(multispace0, word.verify(move |found: &str| found.eq_ignore_ascii_case(name))).void()
}

fn symbol<'a>(text: &'static str) -> impl Parser<In<'a>, (), Err> {
    preceded(multispace0, literal(text)).void()
}

fn path(input: &mut In<'_>) -> ModalResult<Path> {
    let parts = separated(1.., word.map(str::to_owned), '.').with_span();
    let (parts, span) = preceded(multispace0, parts).parse_next(input)?;
    Ok(Path { parts, at: span.start })
}

fn select(input: &mut In<'_>) -> ModalResult<Query> {
    keyword("SELECT").parse_next(input)?;
    cut_err(rest_of_select).parse_next(input)
}

fn rest_of_select(input: &mut In<'_>) -> ModalResult<Query> {
    let select = separated(1.., item, symbol(",")).parse_next(input)?;
    keyword("FROM").parse_next(input)?;
    let from = path.parse_next(input)?;
    let condition = opt(preceded(keyword("WHERE"), cut_err(condition))).parse_next(input)?;
    let by = (keyword("ORDER"), cut_err(keyword("BY")));
    let order = opt(preceded(by, cut_err(separated(1.., order_by, symbol(","))))).parse_next(input)?;
    let limit = opt(preceded(keyword("LIMIT"), cut_err(count))).parse_next(input)?;
    let offset = opt(preceded(keyword("OFFSET"), cut_err(count))).parse_next(input)?;
    Ok(Query { select, from, condition, order: order.unwrap_or_default(), limit, offset })
}

fn item(input: &mut In<'_>) -> ModalResult<Item> {
    let children = delimited(symbol("("), select, cut_err(symbol(")")));
    let whole = (keyword("COUNT"), symbol("("), symbol(")"));
    alt((children.map(Item::Children), whole.value(Item::Count), path.map(Item::Field))).parse_next(input)
}

fn count(input: &mut In<'_>) -> ModalResult<usize> {
    preceded(multispace0, digit1.parse_to()).parse_next(input)
}

fn order_by(input: &mut In<'_>) -> ModalResult<OrderBy> {
    let path = path.parse_next(input)?;
    let descending = opt(alt((keyword("ASC").value(false), keyword("DESC").value(true)))).parse_next(input)?;
    let place = alt((keyword("FIRST").value(false), keyword("LAST").value(true)));
    let nulls_last = opt(preceded(keyword("NULLS"), cut_err(place))).parse_next(input)?;
    // Nulls come first unless told otherwise, in both directions.
    Ok(OrderBy { path, descending: descending.unwrap_or(false), nulls_last: nulls_last.unwrap_or(false) })
}

/// A mixture of `AND` and `OR` without parentheses is not in the language, nor is `NOT` beside either.
fn condition(input: &mut In<'_>) -> ModalResult<Condition> {
    if opt(keyword("NOT")).parse_next(input)?.is_some() {
        return cut_err(simple).map(|inner| Condition::Not(Box::new(inner))).parse_next(input);
    }
    let first = simple.parse_next(input)?;
    let ands: Vec<Condition> = repeat(0.., preceded(keyword("AND"), cut_err(simple))).parse_next(input)?;
    if !ands.is_empty() {
        return Ok(Condition::And(std::iter::once(first).chain(ands).collect()));
    }
    let ors: Vec<Condition> = repeat(0.., preceded(keyword("OR"), cut_err(simple))).parse_next(input)?;
    if ors.is_empty() {
        return Ok(first);
    }
    Ok(Condition::Or(std::iter::once(first).chain(ors).collect()))
}

fn simple(input: &mut In<'_>) -> ModalResult<Condition> {
    alt((delimited(symbol("("), condition, cut_err(symbol(")"))), comparison)).parse_next(input)
}

fn comparison(input: &mut In<'_>) -> ModalResult<Condition> {
    let path = path.parse_next(input)?;
    let is_in =
        opt(alt((keyword("IN").value(false), (keyword("NOT"), keyword("IN")).value(true)))).parse_next(input)?;
    if let Some(negated) = is_in {
        let values = delimited(symbol("("), separated(1.., value, symbol(",")), symbol(")"));
        return cut_err(values).map(|values| Condition::In { path: path.clone(), negated, values }).parse_next(input);
    }
    let operator = cut_err(operator).parse_next(input)?;
    let value = cut_err(value).parse_next(input)?;
    Ok(Condition::Compare(path, operator, value))
}

fn operator(input: &mut In<'_>) -> ModalResult<Operator> {
    alt((
        symbol("=").value(Operator::Equal),
        symbol("!=").value(Operator::NotEqual),
        symbol("<>").value(Operator::NotEqual),
        symbol("<=").value(Operator::LessOrEqual),
        symbol(">=").value(Operator::GreaterOrEqual),
        symbol("<").value(Operator::Less),
        symbol(">").value(Operator::Greater),
        keyword("LIKE").value(Operator::Like),
    ))
    .parse_next(input)
}

fn value(input: &mut In<'_>) -> ModalResult<Literal> {
    let first = one_of(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
    let digits = (first, take_while(0.., |c: char| c.is_ascii_alphanumeric() || "+-:.".contains(c))).take();
    let quoted = delimited('\'', cut_err(inside_quotes), cut_err('\''));
    preceded(
        multispace0,
        alt((
            keyword("null").value(Literal::Null),
            keyword("true").value(Literal::Bool(true)),
            keyword("false").value(Literal::Bool(false)),
            quoted.map(|raw: &str| Literal::Text(raw.to_owned())),
            digits.verify_map(Literal::from_digits),
        )),
    )
    .parse_next(input)
}

fn inside_quotes<'a>(input: &mut In<'a>) -> ModalResult<&'a str> {
    let plain = none_of(['\\', '\'']).void();
    let escape = ('\\', one_of(ESCAPES)).void();
    repeat::<_, _, (), _, _>(0.., alt((plain, escape))).take().parse_next(input)
}
