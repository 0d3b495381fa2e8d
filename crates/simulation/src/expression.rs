//! DynamoDB's condition and update expressions, as far as the ledger speaks them; anything else is refused.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>

use serde_json::{Value, json};
use std::{
    cell::RefCell,
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// An item, in DynamoDB's JSON.
pub(crate) type Item = BTreeMap<String, Value>;

/// Not an expression that is understood: `ValidationException`.
pub(crate) type Invalid = String;

/// An expression's words, and what they stand for.
pub(crate) struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    names: &'a Value,
    values: &'a Value,
    used: &'a RefCell<BTreeSet<String>>,
}

impl<'a> Reader<'a> {
    /// Placeholders that occur are added to `used`: DynamoDB refuses those that do not.
    pub(crate) fn new(request: &'a Value, field: &str, used: &'a RefCell<BTreeSet<String>>) -> Option<Self> {
        let text = request[field].as_str()?;
        let names = &request["ExpressionAttributeNames"];
        Some(Self { words: words(text), at: 0, names, values: &request["ExpressionAttributeValues"], used })
    }

    fn peek(&self) -> &'a str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.peek() == word;
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, word: &str) -> Result<(), Invalid> {
        let found = self.peek();
        if self.take(word) { Ok(()) } else { Err(format!("expected {word:?}, found {found:?}")) }
    }

    fn end(&self) -> Result<(), Invalid> {
        if self.at >= self.words.len() { Ok(()) } else { Err(format!("{:?} is left over", self.peek())) }
    }

    fn name(&mut self) -> Result<String, Invalid> {
        let word = self.next();
        if word.starts_with('#') {
            self.used.borrow_mut().insert(word.to_owned());
            return self.names[word].as_str().map(str::to_owned).ok_or(format!("{word} is not defined"));
        }
        if word.starts_with(|c: char| c.is_ascii_alphabetic()) { Ok(word.to_owned()) } else { Err(format!("{word:?}")) }
    }

    /// A value, an attribute, or `if_not_exists(attribute, value)`; none if the attribute is not there.
    fn operand(&mut self, item: &Item) -> Result<Option<Value>, Invalid> {
        let word = self.peek();
        if self.take("if_not_exists") {
            self.expect("(")?;
            let name = self.name()?;
            self.expect(",")?;
            let otherwise = self.operand(item)?;
            self.expect(")")?;
            return Ok(item.get(&name).cloned().or(otherwise));
        }
        if word.starts_with(':') {
            self.at += 1;
            self.used.borrow_mut().insert(word.to_owned());
            let value = self.values.get(word).ok_or(format!("{word} is not defined"))?;
            return Ok(Some(value.clone()));
        }
        Ok(item.get(&self.name()?).cloned())
    }

    /// Whether the condition holds of `item`; every part is read, since every part must make sense.
    pub(crate) fn condition(mut self, item: &Item) -> Result<bool, Invalid> {
        let holds = self.any(item)?;
        self.end().map(|()| holds)
    }

    fn any(&mut self, item: &Item) -> Result<bool, Invalid> {
        let mut holds = self.all(item)?;
        while self.take("OR") {
            holds |= self.all(item)?;
        }
        Ok(holds)
    }

    fn all(&mut self, item: &Item) -> Result<bool, Invalid> {
        let mut holds = self.predicate(item)?;
        while self.take("AND") {
            holds &= self.predicate(item)?;
        }
        Ok(holds)
    }

    fn predicate(&mut self, item: &Item) -> Result<bool, Invalid> {
        if self.take("(") {
            let holds = self.any(item)?;
            return self.expect(")").map(|()| holds);
        }
        if self.take("attribute_not_exists") {
            self.expect("(")?;
            let name = self.name()?;
            return self.expect(")").map(|()| !item.contains_key(&name));
        }
        let left = self.operand(item)?;
        if self.take("IN") {
            self.expect("(")?;
            let mut holds = false;
            loop {
                let right = self.operand(item)?;
                holds |= left.is_some() && left == right;
                if !self.take(",") {
                    return self.expect(")").map(|()| holds);
                }
            }
        }
        let operator = self.next();
        let right = self.operand(item)?;
        let order = compare(left.as_ref(), right.as_ref());
        match operator {
            "=" => Ok(order == Some(Ordering::Equal)),
            "<" => Ok(order == Some(Ordering::Less)),
            "<=" => Ok(matches!(order, Some(Ordering::Less | Ordering::Equal))),
            "<>" => Ok(left.is_some() && left != right),
            other => Err(format!("operator {other:?}")),
        }
    }

    /// The item as the update leaves it; what is read is read from `item` as it was.
    pub(crate) fn update(mut self, item: &Item) -> Result<Item, Invalid> {
        let mut after = item.clone();
        let mut touched = BTreeSet::new();
        let mut touch =
            |name: &str| if touched.insert(name.to_owned()) { Ok(()) } else { Err(format!("{name} twice")) };
        while self.at < self.words.len() {
            match self.next() {
                "SET" => loop {
                    let name = self.name()?;
                    touch(&name)?;
                    self.expect("=")?;
                    let mut value = self.operand(item)?.ok_or(format!("{name} is set to nothing"))?;
                    for (sign, factor) in [("+", 1), ("-", -1)] {
                        if self.take(sign) {
                            let more = self.operand(item)?.ok_or(format!("{name} {sign} nothing"))?;
                            let (a, b) = number(&value).zip(number(&more)).ok_or("not numbers")?;
                            value = json!({"N": (a + factor * b).to_string()});
                        }
                    }
                    after.insert(name, value);
                    if !self.take(",") {
                        break;
                    }
                },
                "REMOVE" => loop {
                    let name = self.name()?;
                    touch(&name)?;
                    after.remove(&name);
                    if !self.take(",") {
                        break;
                    }
                },
                other => return Err(format!("clause {other:?}")),
            }
        }
        Ok(after)
    }
}

fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | ':');
        let length = match first {
            '<' if rest.starts_with("<=") || rest.starts_with("<>") => 2,
            c if inside(c) => rest.find(|c| !inside(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

fn number(value: &Value) -> Option<i64> {
    value["N"].as_str()?.parse().ok()
}

/// Values of one type are ordered; what is absent or of another type is not.
fn compare(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    let (left, right) = (left?, right?);
    match (number(left), number(right)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (None, None) => Some(left["S"].as_str()?.cmp(right["S"].as_str()?)),
        _ => None,
    }
}
