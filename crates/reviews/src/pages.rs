//! A pass read at the source, page by page; what is too much for one query is asked for in less.

use crate::{
    fields::Fields,
    item::BadRow,
    message::stamp,
    named::Named,
    portion::Position,
    select::{IDS_A_QUERY, Pass},
};
use config::Relay;
use salesforce::{Client, Error, NextPage, Page, Record};

/// Where a pass is read.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'a> {
    pub(crate) salesforce: &'a Client,
    pub(crate) fields: &'a Fields,
    pub(crate) config: &'a Relay,
}

/// A page of a pass.
pub(crate) struct Rows {
    pub(crate) records: Vec<Record>,
    /// The last row, where it was asked for by its id and may not be there any more.
    end: Option<Record>,
    next: Option<NextPage>,
}

impl Rows {
    /// Where the last row stands; none on a page without rows.
    ///
    /// # Errors
    /// When it does not say.
    pub(crate) fn position(&self) -> Result<Option<Position>, BadRow> {
        self.end.as_ref().or(self.records.last()).map(position).transpose()
    }
}

impl Pages<'_> {
    /// The pass's next page, or the first of `only`. Where that is too much, the pass is narrowed until it is not.
    pub(crate) async fn read(&self, pass: &mut Pass, only: &[Named]) -> Result<Rows, Error> {
        loop {
            match self.first(pass, only).await {
                Err(error) if pass.narrow(&error, self.fields, self.config) => {}
                other => return other,
            }
        }
    }

    /// The pass's next page, or the first of `only`, asked for once.
    pub(crate) async fn first(&self, pass: &Pass, only: &[Named]) -> Result<Rows, Error> {
        let soql = match only {
            [] => pass.query(self.fields, self.config),
            only => pass.query_of(only, self.fields, self.config),
        };
        let page = self.salesforce.query_in_pages(&soql, pass.portion.rows_of_a_page()).await?;
        self.rows(pass, page).await
    }

    /// The page after `rows`, of the same query; none after its last.
    pub(crate) async fn next(&self, pass: &Pass, rows: &Rows) -> Option<Result<Rows, Error>> {
        match self.salesforce.next(rows.next.as_ref()?).await {
            Ok(page) => Some(self.rows(pass, page).await),
            Err(error) => Some(Err(error)),
        }
    }

    /// What comes after `rows` once they are dealt with: `next`, or what is asked for instead; none when all is read.
    pub(crate) async fn after(
        &self,
        pass: &mut Pass,
        rows: &Rows,
        next: Option<Result<Rows, Error>>,
        only: &[Named],
    ) -> Result<Option<Rows>, Unread> {
        if let Some(last) = rows.position()? {
            pass.after = Some(last);
        }
        match next {
            Some(Ok(rows)) => return Ok(Some(rows)),
            None if !pass.next_part(self.fields, self.config) => return Ok(None),
            // The cursor lives for minutes: ask again from here.
            None | Some(Err(Error::CursorExpired)) => {}
            Some(Err(error)) if pass.narrow(&error, self.fields, self.config) => {}
            Some(Err(error)) => return Err(error.into()),
        }
        Ok(Some(self.read(pass, only).await?))
    }

    async fn rows(&self, pass: &Pass, page: Page) -> Result<Rows, Error> {
        let Page { mut records, next, .. } = page;
        if !pass.portion.is_by_id() {
            return Ok(Rows { records, end: None, next });
        }
        let ids: Vec<String> = records.iter().filter_map(|row| Some(row.id().ok()?.to_string())).collect();
        let found = by_id(self.salesforce, pass, self.fields, &ids).await?;
        Ok(Rows { end: records.pop(), records: found, next })
    }
}

/// Why a page could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(transparent)]
    Salesforce(#[from] Error),
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// The orders with these ids that are completed still, as they are now; fewer at a time where that is too much.
///
/// # Errors
/// When the source fails.
pub(crate) async fn by_id(
    salesforce: &Client,
    pass: &Pass,
    fields: &Fields,
    ids: &[String],
) -> Result<Vec<Record>, Error> {
    let (mut found, mut left, mut at_once) = (Vec::with_capacity(ids.len()), ids, IDS_A_QUERY);
    while !left.is_empty() {
        let (some, rest) = left.split_at(at_once.min(left.len()));
        match salesforce.query_all(&pass.query_again(some.iter().map(String::as_str), fields)).await {
            Ok(mut rows) => {
                found.append(&mut rows);
                left = rest;
            }
            Err(Error::TooMuch { .. }) if some.len() > 1 => at_once = some.len().div_ceil(4),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// How many orders a pass is about; see [`Pass::count`].
///
/// # Errors
/// When the source fails.
pub async fn count(salesforce: &Client, pass: &mut Pass, fields: &Fields, config: &Relay) -> Result<u64, Error> {
    let mut orders = 0;
    loop {
        match salesforce.query(&pass.count(fields, config)).await {
            Ok(page) => {
                orders += page.total;
                if !pass.next_part(fields, config) {
                    return Ok(orders);
                }
            }
            Err(error) if pass.narrow(&error, fields, config) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Where a row stands in the query's order.
fn position(row: &salesforce::Record) -> Result<Position, BadRow> {
    Ok(Position { stamp: stamp(row)?, id: row.id()? })
}
