//! The subset of SuiteQL that the sandbox answers.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html>
//!
//! `SELECT` of columns, each perhaps in `LOWER`, `UPPER` or `TO_CHAR(…, 'YYYY-MM-DD')` and with `AS` another name;
//! `FROM` one table; `WHERE` with `AND`, `OR`, `NOT`, parentheses, `= != <> < <= > >= LIKE IN NOT IN IS NULL IS NOT
//! NULL`, texts with their quotes doubled, numbers, `TO_DATE('…', 'YYYY-MM-DD')`; `ORDER BY`. No joins.

mod ast;
mod evaluate;
mod page;
mod parse;
mod tables;

pub(crate) use page::query;
