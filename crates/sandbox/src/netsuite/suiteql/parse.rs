//! From text to [`Query`].

use winnow::ascii::multispace0;
use winnow::combinator::{alt, cut_err, delimited, opt, preceded, repeat, separated, terminated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{literal, none_of, one_of, take_while};

use super::ast::{Condition, Expression, Literal, Operator, Query};

type In<'a> = &'a str;
type Err = ErrMode<ContextError>;

/// Parses a whole query; what is wrong is told by its place.
pub(super) fn query(text: &str) -> Result<Query, usize> {
    terminated(select, multispace0).parse(text).map_err(|error| error.offset())
}

fn word<'a>(input: &mut In<'a>) -> ModalResult<&'a str> {
    let first = one_of(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_');
    preceded(multispace0, (first, rest).take()).parse_next(input)
}

fn keyword<'a>(name: &'static str) -> impl Parser<In<'a>, (), Err> {
    word.verify(move |found: &str| found.eq_ignore_ascii_case(name)).void()
}

fn symbol<'a>(text: &'static str) -> impl Parser<In<'a>, (), Err> {
    preceded(multispace0, literal(text)).void()
}

fn select(input: &mut In<'_>) -> ModalResult<Query> {
    keyword("SELECT").parse_next(input)?;
    let select: Vec<(Expression, Option<String>)> = separated(1.., item, symbol(",")).parse_next(input)?;
    keyword("FROM").parse_next(input)?;
    let from = word.parse_next(input)?.to_ascii_lowercase();
    let condition = opt(preceded(keyword("WHERE"), cut_err(any))).parse_next(input)?;
    let by = (keyword("ORDER"), cut_err(keyword("BY")));
    let order = opt(preceded(by, cut_err(separated(1.., ordered, symbol(","))))).parse_next(input)?;
    let named = (1..).zip(select).map(|(place, (expression, name))| {
        let name = name.unwrap_or_else(|| match &expression {
            Expression::Column(column) => column.clone(),
            _ => format!("expr{place}"),
        });
        (expression, name)
    });
    Ok(Query { select: named.collect(), from, condition, order: order.unwrap_or_default() })
}

fn item(input: &mut In<'_>) -> ModalResult<(Expression, Option<String>)> {
    (expression, opt(preceded(keyword("AS"), cut_err(word)).map(str::to_ascii_lowercase))).parse_next(input)
}

fn ordered(input: &mut In<'_>) -> ModalResult<(Expression, bool)> {
    let direction = opt(alt((keyword("ASC").value(false), keyword("DESC").value(true))));
    (expression, direction.map(Option::unwrap_or_default)).parse_next(input)
}

fn column(input: &mut In<'_>) -> ModalResult<String> {
    word.map(str::to_ascii_lowercase).parse_next(input)
}

fn expression(input: &mut In<'_>) -> ModalResult<Expression> {
    let inside = || delimited(symbol("("), column, symbol(")"));
    let format = quoted.verify(|format: &String| format.eq_ignore_ascii_case("YYYY-MM-DD"));
    let iso = delimited(symbol("("), terminated(column, (symbol(","), format)), symbol(")"));
    alt((
        preceded(keyword("LOWER"), inside()).map(Expression::Lower),
        preceded(keyword("UPPER"), inside()).map(Expression::Upper),
        preceded(keyword("TO_CHAR"), iso).map(Expression::IsoDate),
        column.map(Expression::Column),
    ))
    .parse_next(input)
}

fn any(input: &mut In<'_>) -> ModalResult<Condition> {
    separated(1.., all, keyword("OR")).map(|parts| joined(parts, Condition::Or)).parse_next(input)
}

fn all(input: &mut In<'_>) -> ModalResult<Condition> {
    separated(1.., simple, keyword("AND")).map(|parts| joined(parts, Condition::And)).parse_next(input)
}

fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

fn simple(input: &mut In<'_>) -> ModalResult<Condition> {
    let not = preceded(keyword("NOT"), simple).map(|inner| Condition::Not(Box::new(inner)));
    alt((not, delimited(symbol("("), any, symbol(")")), comparison)).parse_next(input)
}

fn comparison(input: &mut In<'_>) -> ModalResult<Condition> {
    let left = expression.parse_next(input)?;
    if let Some(negated) =
        opt(preceded(keyword("IS"), terminated(opt(keyword("NOT")), keyword("NULL")))).parse_next(input)?
    {
        return Ok(negate(negated.is_some(), Condition::IsNull(left)));
    }
    let negated = opt(keyword("NOT")).parse_next(input)?.is_some();
    let values = delimited(symbol("("), separated(1.., value, symbol(",")), symbol(")"));
    if let Some(values) = opt(preceded(keyword("IN"), cut_err(values))).parse_next(input)? {
        return Ok(negate(negated, Condition::In(left, values)));
    }
    if let Some(pattern) = opt(preceded(keyword("LIKE"), cut_err(quoted))).parse_next(input)? {
        return Ok(negate(negated, Condition::Like(left, pattern)));
    }
    (cut_err(operator), cut_err(value))
        .map(|(operator, right)| Condition::Compare(left.clone(), operator, right))
        .parse_next(input)
}

fn negate(negated: bool, condition: Condition) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

fn operator(input: &mut In<'_>) -> ModalResult<Operator> {
    alt((
        symbol("=").value(Operator::Equal),
        alt((symbol("!="), symbol("<>"))).value(Operator::NotEqual),
        symbol("<=").value(Operator::LessOrEqual),
        symbol(">=").value(Operator::GreaterOrEqual),
        symbol("<").value(Operator::Less),
        symbol(">").value(Operator::Greater),
    ))
    .parse_next(input)
}

fn value(input: &mut In<'_>) -> ModalResult<Literal> {
    let format = quoted.verify(|format: &String| format.eq_ignore_ascii_case("YYYY-MM-DD"));
    let date = quoted.verify_map(|text| text.parse().ok());
    let date = delimited(symbol("("), terminated(date, (symbol(","), format)), symbol(")"));
    let digits = preceded(multispace0, take_while(1.., |c: char| c.is_ascii_digit() || matches!(c, '-' | '.')));
    alt((
        quoted.map(Literal::Text),
        preceded(keyword("TO_DATE"), cut_err(date)).map(Literal::Date),
        digits.verify_map(|text: &str| text.parse().ok()).map(Literal::Number),
    ))
    .parse_next(input)
}

/// `'it''s'`
fn quoted(input: &mut In<'_>) -> ModalResult<String> {
    let character = alt((literal("''").value('\''), none_of('\'')));
    preceded(multispace0, delimited('\'', repeat(0.., character), '\'')).parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_and_binds_closer_than_or() {
        let query = query("select id, LOWER(email) as mail from customer where externalid = 'it''s' OR email='a' AND NOT id in (1,'2') order by id desc").unwrap();
        assert_eq!(query.select[1], (Expression::Lower("email".to_owned()), "mail".to_owned()));
        assert_eq!(query.order, [(Expression::Column("id".to_owned()), true)]);
        let Some(Condition::Or(parts)) = query.condition else { panic!("no OR") };
        let text = Literal::Text("it's".to_owned());
        assert_eq!(parts[0], Condition::Compare(Expression::Column("externalid".to_owned()), Operator::Equal, text));
        assert!(matches!(&parts[1], Condition::And(both) if matches!(both[1], Condition::Not(_))));
    }

    #[test]
    fn what_is_not_in_the_subset_is_refused() {
        for wrong in
            ["", "SELECT FROM customer", "SELECT id FROM a, b", "SELECT id FROM a WHERE x = 'it's'", "SELECT * FROM a"]
        {
            assert!(query(wrong).is_err(), "{wrong}");
        }
    }
}
