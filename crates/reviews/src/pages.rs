//! A pass read at the source, page by page; what is too much for one query is asked for in less.

use crate::{
    fields::Fields,
    item::BadRow,
    named::Named,
    select::{IDS_A_QUERY, Pass},
};
use config::Relay;
use org::Position;
use salesforce::{Client, Error, Query, Record};

/// A pass that is read page by page.
pub(crate) struct Pages<'a> {
    salesforce: &'a Client,
    fields: &'a Fields,
    config: &'a Relay,
    /// These orders alone, where there are any.
    only: &'a [Named],
    read: salesforce::Pages<'a>,
}

/// A page of a pass.
pub(crate) struct Rows {
    pub(crate) records: Vec<Record>,
    /// The last row, where it was asked for by its id and may not be there any more.
    end: Option<Record>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(salesforce: &'a Client, fields: &'a Fields, config: &'a Relay, only: &'a [Named]) -> Self {
        Self { salesforce, fields, config, only, read: salesforce.pages() }
    }

    /// The pass's next page, asked for once: after an error the next call asks anew.
    pub(crate) async fn next(&mut self, pass: &Pass) -> Result<Rows, Error> {
        let query = || Query {
            rows: pass.portion.rows_of_a_page(),
            ..Query::new(match self.only {
                [] => pass.query(self.fields, self.config),
                only => pass.query_of(only, self.fields, self.config),
            })
        };
        let page = self.read.next(query).await?;
        let rows = self.rows(pass, page.map(|page| page.records).unwrap_or_default()).await;
        if rows.is_err() {
            self.read.anew();
        }
        rows
    }

    /// The same; where that is too much, the pass is narrowed until it is not.
    pub(crate) async fn read(&mut self, pass: &mut Pass) -> Result<Rows, Error> {
        loop {
            match self.next(pass).await {
                Err(error) if pass.narrow(&error, self.fields, self.config) => {}
                other => return other,
            }
        }
    }

    /// Does `work`, which deals with the page that came last, and fetches the next one meanwhile.
    pub(crate) async fn while_handling<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.read.while_handling(work).await
    }

    /// Notes in the pass that `rows`, the page that came last, are dealt with; whether anything is left to be read.
    ///
    /// # Errors
    /// When the last row does not say where it stands.
    pub(crate) fn handled(&mut self, pass: &mut Pass, rows: &Rows) -> Result<bool, BadRow> {
        if let Some(last) = rows.end.as_ref().or(rows.records.last()).map(Position::of).transpose()? {
            pass.after = Some(last);
        }
        if !self.read.is_at_end() {
            return Ok(true);
        }
        self.read.anew();
        Ok(pass.next_part(self.fields, self.config))
    }

    async fn rows(&self, pass: &Pass, mut records: Vec<Record>) -> Result<Rows, Error> {
        if !pass.portion.is_by_id() {
            return Ok(Rows { records, end: None });
        }
        let ids: Vec<String> = records.iter().filter_map(|row| Some(row.id().ok()?.to_string())).collect();
        let found = by_id(self.salesforce, pass, self.fields, &ids).await?;
        Ok(Rows { end: records.pop(), records: found })
    }
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
