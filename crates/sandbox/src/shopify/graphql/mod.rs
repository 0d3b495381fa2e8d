//! The part of GraphQL that clients who read need: one query with fragments, aliases, arguments and variables.
//! <https://spec.graphql.org/October2021/>

mod ast;
mod execute;
mod parse;

pub(super) use execute::{Error, Root, execute};
