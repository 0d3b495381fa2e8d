mod collections;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rest::{Method, Reply, Request, TokenCell, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::auth::{Session, mint};
use crate::error::{Outage, judge};
use crate::page::Answer;
use crate::{Credentials, Describe, Error, NextPage, Page, Pages, Query, Record, Schema, Usage};

/// A client of one org.
pub struct Client {
    http: rest::Client,
    credentials: RwLock<Arc<Credentials>>,
    renewal: Option<Renewal>,
    renewed: Mutex<Option<DateTime<Utc>>>,
    session: TokenCell<Session, Error>,
    api_version: String,
    quota_share: f64,
    usage: Mutex<Option<(Usage, DateTime<Utc>)>>,
    now: fn() -> DateTime<Utc>,
}

/// What a data call asks for.
#[derive(Clone, Copy)]
enum Asks<'a> {
    /// Rows.  Not answered in time, it is too much for one call: Salesforce itself gives up after two minutes, we do before.
    Query {
        options: Option<&'a str>,
    },
    /// That rows are written.
    Write(&'a Value),
    Other,
}

impl<'a> Asks<'a> {
    fn is_query(self) -> bool {
        matches!(self, Asks::Query { .. })
    }

    fn options(self) -> Option<&'a str> {
        if let Asks::Query { options } = self { options } else { None }
    }

    fn request(self, url: Url) -> Result<Request<'a>, rest::Failure> {
        match self {
            Asks::Write(body) => Request::json(Method::Patch, url, body),
            Asks::Query { .. } | Asks::Other => Ok(Request::get(url)),
        }
    }
}

/// How long the last word on the org's usage counts.  After that one call may go and learn the news: otherwise a
/// process that has once seen the pool near its end would never call again.
const USAGE_COUNTS_FOR: TimeDelta = TimeDelta::minutes(10);

/// How long credentials are not asked for again.
const RENEWED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Reads the credentials again; `None` if they cannot be read.
pub type Renewal = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<Credentials>> + Send>> + Send + Sync>;

impl Client {
    /// A client that logs in at its first call.
    ///
    /// `api_version` as in `v66.0`; `quota_share` is the part (0 to 1) of the org's daily API calls at which
    /// [`Error::QuotaNearEnd`] stops us; `now` dates the assertion of a JWT login and the usage.
    pub fn new(
        http: rest::Client,
        credentials: Credentials,
        api_version: &str,
        quota_share: f64,
        now: fn() -> DateTime<Utc>,
    ) -> Client {
        Client {
            http,
            credentials: RwLock::new(Arc::new(credentials)),
            renewal: None,
            renewed: Mutex::new(None),
            session: TokenCell::new(),
            api_version: api_version.to_owned(),
            quota_share,
            usage: Mutex::new(None),
            now,
        }
    }

    /// The same client, which asks `renewal` for the credentials again when a login is refused: they may have been rotated under a
    /// warm process.  At most once a minute, since a secret that is wrong stays so.
    #[must_use]
    pub fn renewed_by(self, renewal: Renewal) -> Client {
        Client { renewal: Some(renewal), ..self }
    }

    /// The last day on which the credentials are valid, where somebody has written it down.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.credentials.read().unwrap_or_else(PoisonError::into_inner).expires_on
    }

    /// Logs in anew, for later calls too: whether the credentials are good.
    pub async fn log_in(&self) -> Result<(), Error> {
        self.session.forget().await;
        self.session.get(None, self.mint()).await.map(drop)
    }

    /// Runs a query and returns its first page.
    pub async fn query(&self, soql: &str) -> Result<Page, Error> {
        self.ask(&Query::new(soql)).await
    }

    /// The same, with the answer as it is asked for.
    pub async fn ask(&self, query: &Query) -> Result<Page, Error> {
        self.check_quota()?;
        let options = query.rows.map(|rows| format!("batchSize={rows}"));
        let resource = if query.deleted { "queryAll" } else { "query" };
        let url = |instance: &rest::BaseUrl| {
            let mut url = instance.join(&["services", "data", &self.api_version, resource]);
            url.query_pairs_mut().append_pair("q", &query.soql);
            Ok(url)
        };
        let reply = self.send(url, Asks::Query { options: options.as_deref() }).await?;
        self.page(&reply).await
    }

    /// A query read page by page.
    pub fn pages(&self) -> Pages<'_> {
        Pages::new(self)
    }

    /// Returns the next page of a query.
    pub async fn next(&self, next: &NextPage) -> Result<Page, Error> {
        self.check_quota()?;
        let reply = self.more(&next.0).await?;
        self.page(&reply).await
    }

    /// Runs a query and follows it to its end: for few rows, since all of them are kept.
    pub async fn query_all(&self, soql: &str) -> Result<Vec<Record>, Error> {
        self.all(&Query::new(soql)).await
    }

    /// The same, with the answer as it is asked for.
    pub async fn all(&self, query: &Query) -> Result<Vec<Record>, Error> {
        let mut page = self.ask(query).await?;
        let mut records = std::mem::take(&mut page.records);
        while let Some(next) = &page.next {
            page = self.next(next).await?;
            records.append(&mut page.records);
        }
        Ok(records)
    }

    /// What the org knows of an object: `GET /services/data/{version}/sobjects/{object}/describe`.
    pub async fn describe(&self, object: &str) -> Result<Describe, Error> {
        self.check_quota()?;
        let segments = ["services", "data", &self.api_version, "sobjects", object, "describe"];
        let reply = self.send(|instance| Ok(instance.join(&segments)), Asks::Other).await?;
        Ok(reply.json()?)
    }

    /// Looks names up by describe, each object described once.  For one run: what it learned is never refreshed.
    pub fn schema(&self) -> Schema<'_> {
        Schema::new(self)
    }

    /// The org's API calls as of the last answer.
    pub fn usage(&self) -> Option<Usage> {
        let usage = *self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        usage.map(|(usage, _)| usage)
    }

    async fn page(&self, reply: &Reply) -> Result<Page, Error> {
        let Answer { total, done, next, mut records } = reply.json()?;
        let next = next.map(NextPage);
        if !done && next.is_none() {
            return Err(Outage::Undocumented("a page that is not the last and says not where the next is").into());
        }
        self.complete(&mut records).await?;
        Ok(Page { records, next, total, usage: self.usage() })
    }

    /// Fetches what did not fit into the page: child relationships page on their own, at any depth, and the page
    /// says `done` all the same.  A page that was begun is completed, whatever the quota.
    async fn complete(&self, records: &mut [Record]) -> Result<(), Error> {
        let mut open: Vec<&mut Record> = records.iter_mut().collect();
        while let Some(record) = open.pop() {
            for children in record.children_mut() {
                while let Some(next) = children.next.take() {
                    let Answer { next, records, done, .. } = self.more(&next).await?.json()?;
                    if !done && next.is_none() {
                        return Err(
                            Outage::Undocumented("a subquery that is not done and says not where the rest is").into()
                        );
                    }
                    children.records.extend(records);
                    children.next = next;
                }
                open.extend(children.records.iter_mut());
            }
        }
        Ok(())
    }

    async fn more(&self, path: &str) -> Result<Reply, Error> {
        let url = |instance: &rest::BaseUrl| {
            let url = if path.starts_with("/services/data/") { instance.at(path) } else { None };
            url.ok_or_else(|| Outage::Undocumented("`nextRecordsUrl` is not a path under /services/data/").into())
        };
        self.send(url, Asks::Query { options: None }).await
    }

    /// Every data call: with a session, minted anew once if Salesforce, or any 401, refuses the one we have.
    async fn send(&self, url: impl Fn(&rest::BaseUrl) -> Result<Url, Error>, asks: Asks<'_>) -> Result<Reply, Error> {
        let mut refused: Option<Arc<Session>> = None;
        loop {
            let session = self.session.get(refused.as_ref(), self.mint()).await?;
            let headers = asks.options().map(|options| ("sforce-query-options", options)).into_iter().collect();
            let asked = asks.request(url(&session.instance)?)?;
            let request = Request { bearer: Some(&session.token), headers, ..asked };
            let reply = match self.http.send(request).await {
                Err(late) if late.is_late() && asks.is_query() => return Err(Error::TooMuch { code: None }),
                answered => answered?,
            };
            self.note_usage(&reply);
            let status = reply.status;
            match judge(reply, (self.now)()) {
                Err(Error::SessionExpired | Error::Unavailable { .. }) if status == 401 && refused.is_none() => {
                    refused = Some(session);
                }
                Err(error @ Error::Refused { status: 404 | 410, .. }) => {
                    return Err(self.version_missing(&session.instance).await?.unwrap_or(error));
                }
                judged => return judged,
            }
        }
    }

    /// Whether it is the version that the org does not have.  `GET /services/data/` needs no login:
    /// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_versions.htm>.
    async fn version_missing(&self, instance: &rest::BaseUrl) -> Result<Option<Error>, Error> {
        #[derive(Deserialize)]
        struct Offered {
            version: String,
        }
        let url = instance.join(&["services", "data", ""]);
        let reply = judge(self.http.send(Request::get(url)).await?, (self.now)())?;
        let offered: Vec<Offered> = reply.json()?;
        let offered: Vec<String> = offered.into_iter().map(|offered| format!("v{}", offered.version)).collect();
        if offered.contains(&self.api_version) {
            return Ok(None);
        }
        let number = |version: &&String| version.trim_start_matches('v').parse::<f64>().unwrap_or_default();
        let edges = offered
            .iter()
            .min_by(|a, b| number(a).total_cmp(&number(b)))
            .zip(offered.iter().max_by(|a, b| number(a).total_cmp(&number(b))));
        let offers = edges.map(|(oldest, newest)| (oldest.clone(), newest.clone()));
        Ok(Some(Error::NoSuchVersion { version: self.api_version.clone(), offers }))
    }

    async fn mint(&self) -> Result<Session, Error> {
        let ours = async || {
            let credentials = Arc::clone(&self.credentials.read().unwrap_or_else(PoisonError::into_inner));
            mint(&self.http, &credentials, (self.now)()).await
        };
        let refused = match ours().await {
            Err(refused @ Error::Unauthorized { .. }) => refused,
            other => return other,
        };
        let renewal = self.renewal.as_ref().filter(|_| self.may_renew());
        let Some(renewed) = (match renewal {
            Some(renewal) => renewal().await,
            None => None,
        }) else {
            return Err(refused);
        };
        *self.credentials.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        ours().await
    }

    fn may_renew(&self) -> bool {
        let mut last = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        let may = last.is_none_or(|last| now - last >= RENEWED_EVERY);
        if may {
            *last = Some(now);
        }
        may
    }

    fn note_usage(&self, reply: &Reply) {
        if let Some(usage) = reply.header("sforce-limit-info").and_then(Usage::parse) {
            *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = Some((usage, (self.now)()));
        }
    }

    fn check_quota(&self) -> Result<(), Error> {
        let last = *self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some((usage, seen)) if usage.share() >= self.quota_share && (self.now)() - seen < USAGE_COUNTS_FOR => {
                Err(Error::QuotaNearEnd { used: usage.used, max: usage.max, share: self.quota_share })
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let credentials = self.credentials.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Client").field("credentials", &*credentials).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
