use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rest::{BaseUrl, Method, Request, TokenCell};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::judge;
use super::query::{self, CONNECTIONS};
use super::token::{Token, mint};
use super::{Error, Outage, record};
use crate::{Access, BadShape, Customer, CustomerId, Order, OrderId, shape};

/// The Admin API of one shop.  Reads only.
pub struct Client {
    http: rest::Client,
    base: BaseUrl,
    access: Access,
    version: String,
    token: TokenCell<Token, Error>,
    /// Orders a page.
    first: AtomicU32,
    /// When Shopify has enough points again for what was asked last.
    ready: Mutex<Option<Instant>>,
    now: fn() -> DateTime<Utc>,
}

/// Which orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Changed at or after a time, in the order in which they changed.  Shopify's index may lag: overlap.
    UpdatedSince(DateTime<Utc>),
    /// Placed at or after the first and before the second, in the order in which they were placed.
    Created(DateTime<Utc>, DateTime<Utc>),
}

/// A page of orders.
#[derive(Debug)]
pub struct OrderPage {
    /// Each whole, with all lines and refunds.
    pub orders: Vec<Order>,
    /// Those that could not be read.
    pub unreadable: Vec<(Option<OrderId>, BadShape)>,
    /// Where the next page begins; none: this is the last.
    pub next: Option<EndCursor>,
}

/// A place in a list of orders; of use with the same search only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndCursor(String);

#[derive(Deserialize)]
struct Connected {
    nodes: Vec<Value>,
    #[serde(rename = "pageInfo")]
    page: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// Orders a page, until Shopify says that it is too much.
const FIRST: u32 = 10;

/// A wait up to this is waited for here: so long a page of orders takes to be paid for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Client {
    /// A client that asks for its token at its first call.  `version` as in `2026-10`: the version whose fields are asked for.  `now` is what
    /// a token's end and dates in `Retry-After` are compared with.
    pub fn new(
        http: rest::Client,
        admin_url: BaseUrl,
        access: Access,
        version: &str,
        now: fn() -> DateTime<Utc>,
    ) -> Client {
        Client {
            http,
            base: admin_url,
            access,
            version: version.to_owned(),
            token: TokenCell::new(),
            first: AtomicU32::new(FIRST),
            ready: Mutex::new(None),
            now,
        }
    }

    /// A page of orders.  Without the scope `read_all_orders` none that is older than 60 days.
    pub async fn orders(&self, search: Search, after: Option<&EndCursor>) -> Result<OrderPage, Error> {
        let (query, sort) = search.as_asked();
        self.page(&query, sort, after).await
    }

    /// The orders of this name, as buyers and staff know it: `#1001`.
    pub async fn named(&self, name: &str) -> Result<Vec<Order>, Error> {
        // What ends the text in Shopify's search stands in no order's name.
        let plain: String = name.chars().filter(|character| !"'\"\\".contains(*character)).collect();
        let found = self.page(&format!("name:'{plain}'"), "CREATED_AT", None).await?;
        // Shopify finds what begins so, too.
        Ok(found.orders.into_iter().filter(|order| order.name == name).collect())
    }

    async fn page(&self, query: &str, sort: &str, after: Option<&EndCursor>) -> Result<OrderPage, Error> {
        let after = after.map(|EndCursor(cursor)| cursor);
        let mut answer = loop {
            let first = self.first.load(Ordering::Relaxed);
            let variables = json!({"first": first, "after": after, "query": query, "sort": sort});
            match self.send(&query::orders(), &variables).await {
                Err(Error::TooMuch) if first > 1 => self.first.store(first / 2, Ordering::Relaxed),
                answered => break answered?,
            }
        };
        let found: Connected = connected(record::take(&mut answer, "orders"))?;
        let next = found.page.next()?.map(EndCursor);
        let (mut orders, mut unreadable) = (Vec::new(), Vec::new());
        for mut node in found.nodes {
            self.complete_order(&mut node).await?;
            match shape::of_value(&node) {
                Ok(order) => orders.push(order),
                Err(shape) => unreadable.push((node["id"].as_str().and_then(OrderId::from_gid), shape)),
            }
        }
        Ok(OrderPage { orders, unreadable, next })
    }

    /// One order; none if the shop has it not, or not any more.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>, Error> {
        let mut answer = self.send(&query::order(), &json!({"id": id.gid()})).await?;
        let mut order = record::take(&mut answer, "order");
        if order.is_null() {
            return Ok(None);
        }
        self.complete_order(&mut order).await?;
        Ok(Some(shape::of_value(&order)?))
    }

    /// One customer with all addresses; none if the shop has it not, or not any more.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, Error> {
        let mut answer = self.send(&query::customer(), &json!({"id": id.gid()})).await?;
        let mut customer = record::take(&mut answer, "customer");
        if customer.is_null() {
            return Ok(None);
        }
        self.complete("Customer", &mut customer).await?;
        record::customer(&mut customer);
        Ok(Some(shape::of_value(&customer)?))
    }

    /// What the app was granted: `read_orders`, `read_customers`, `read_all_orders`.
    pub async fn scopes(&self) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Scope {
            handle: String,
        }
        let answer = self.send(&query::scopes(), &json!({})).await?;
        let scopes = answer.pointer("/currentAppInstallation/accessScopes").unwrap_or(&Value::Null);
        let scopes: Vec<Scope> = shape::of_value(scopes)?;
        Ok(scopes.into_iter().map(|scope| scope.handle).collect())
    }

    async fn complete_order(&self, order: &mut Value) -> Result<(), Error> {
        self.complete("Order", order).await?;
        for (key, object) in [("refunds", "Refund"), ("fulfillments", "Fulfillment")] {
            for part in record::entries(order, key) {
                self.complete(object, part).await?;
            }
        }
        record::order(order);
        Ok(())
    }

    /// Makes each list of an object whole: pages behind the first are asked for, and what is left is a plain list.
    async fn complete(&self, object: &str, value: &mut Value) -> Result<(), Error> {
        let id = value["id"].clone();
        for connection in CONNECTIONS.iter().filter(|connection| connection.object == object) {
            let Connected { mut nodes, mut page } = connected(record::take(value, connection.key))?;
            while let Some(after) = page.next()? {
                let mut answer = self.send(&connection.more(), &json!({"id": id, "after": after})).await?;
                let mut more = connected(record::take(&mut record::take(&mut answer, "node"), "page"))?;
                nodes.append(&mut more.nodes);
                if more.page.next()?.is_some_and(|next| next == after) {
                    return Err(Outage::Undocumented("a page that is followed by itself").into());
                }
                page = more.page;
            }
            record::put(value, connection.key, Value::Array(nodes));
        }
        Ok(())
    }

    /// Every query: with a token, minted anew once if Shopify refuses the one we have, and not before there are points for it.  Others that
    /// share the points may be faster: then it is asked a second time.
    async fn send(&self, query: &str, variables: &Value) -> Result<Value, Error> {
        let url = self.base.join(&["admin", "api", &self.version, "graphql.json"]);
        let body = json!({"query": query, "variables": variables});
        let mut refused: Option<Arc<Token>> = None;
        let mut throttled = false;
        loop {
            self.wait_for_points().await?;
            let token = self.token(refused.as_ref()).await?;
            let headers = vec![("x-shopify-access-token", token.secret.expose_secret())];
            let request = Request { headers, ..Request::json(Method::Post, url.clone(), &body)? };
            match judge(&self.http.send(request).await?, (self.now)()) {
                Ok(answer) => {
                    self.be_ready_in(answer.cost.map(|cost| cost.wait()).unwrap_or_default());
                    return Ok(answer.data);
                }
                Err(Error::Unauthorized { .. }) if refused.is_none() && self.access.is_minted() => {
                    refused = Some(token);
                }
                Err(Error::Throttled { wait }) if !throttled => {
                    throttled = true;
                    self.be_ready_in(wait);
                }
                Err(error) => {
                    self.be_ready_in(error.retry_after().unwrap_or_default());
                    return Err(error);
                }
            }
        }
    }

    async fn token(&self, refused: Option<&Arc<Token>>) -> Result<Arc<Token>, Error> {
        let mint = || mint(&self.http, &self.base, &self.access, (self.now)());
        let token = self.token.get(refused, mint()).await?;
        if token.is_due((self.now)()) { self.token.get(Some(&token), mint()).await } else { Ok(token) }
    }

    /// Shopify fills a bucket of points at a steady rate, so that the wait is known and short: it is waited for, instead of being
    /// refused and asking again.
    async fn wait_for_points(&self) -> Result<(), Error> {
        let ready = *self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = ready.map(|at| at.saturating_duration_since(Instant::now())).unwrap_or_default();
        if wait > LONGEST_WAIT {
            return Err(Error::Throttled { wait });
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn be_ready_in(&self, wait: Duration) {
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(wait);
    }
}

impl Access {
    fn is_minted(&self) -> bool {
        matches!(self, Access::ClientCredentials { .. })
    }
}

impl Search {
    /// Shopify's search syntax, and the key that fits it: <https://shopify.dev/docs/api/usage/search-syntax>.
    fn as_asked(self) -> (String, &'static str) {
        let at = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        match self {
            Search::UpdatedSince(since) => (format!("updated_at:>='{}'", at(since)), "UPDATED_AT"),
            Search::Created(from, until) => {
                (format!("created_at:>='{}' AND created_at:<'{}'", at(from), at(until)), "CREATED_AT")
            }
        }
    }
}

impl PageInfo {
    fn next(&self) -> Result<Option<String>, Error> {
        match (self.has_next_page, &self.end_cursor) {
            (false, _) => Ok(None),
            (true, Some(cursor)) => Ok(Some(cursor.clone())),
            (true, None) => {
                Err(Outage::Undocumented("a page that is not the last and says not where the next is").into())
            }
        }
    }
}

fn connected(page: Value) -> Result<Connected, Error> {
    serde_json::from_value(page).map_err(|_| Outage::Undocumented("a list without its pages").into())
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.version, self.base)
    }
}
