use crate::{Client, Error, NextPage, Page, Query};

/// A query read page by page: the next page is fetched while one is handled, and what is left is asked for anew where the query's
/// cursor, which lives for minutes, has expired.
///
/// ```text
/// while let Some(page) = pages.next(|| from(position)).await? {
///     pages.while_handling(handle(&page)).await?;
///     position = last_of(&page);
/// }
/// ```
pub struct Pages<'a> {
    client: &'a Client,
    at: At,
}

/// Where the reading stands.
enum At {
    /// Nothing is asked for yet, or the cursor is gone.
    Asking,
    /// Salesforce says where the next page is.
    Next(NextPage),
    /// It is fetched.
    Fetched(Result<Page, Error>),
    /// The last page is read.
    End,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, at: At::Asking }
    }

    /// The next page; none after the last. `query` is called where a query has to be asked, at first and over again: it asks for
    /// what is not handled yet.  After an error too: the next call asks anew.
    pub async fn next(&mut self, query: impl FnOnce() -> Query) -> Result<Option<Page>, Error> {
        let fetched = match std::mem::replace(&mut self.at, At::Asking) {
            At::End => {
                self.at = At::End;
                return Ok(None);
            }
            At::Asking => self.client.ask(&query()).await,
            At::Next(next) => self.or_anew(self.client.next(&next).await, query).await,
            At::Fetched(fetched) => self.or_anew(fetched, query).await,
        };
        let page = fetched?;
        self.at = page.next.clone().map_or(At::End, At::Next);
        Ok(Some(page))
    }

    /// Does `work`, which handles the page that came last, and fetches the next one meanwhile.
    pub async fn while_handling<T>(&mut self, work: impl Future<Output = T>) -> T {
        let At::Next(next) = &self.at else { return work.await };
        let (done, fetched) = tokio::join!(work, self.client.next(next));
        self.at = At::Fetched(fetched);
        done
    }

    /// Whether the page that came last is the last one.
    pub fn is_at_end(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Asks anew at the next call, whatever of the query is read: something else is to be read from now on.
    pub fn anew(&mut self) {
        self.at = At::Asking;
    }

    async fn or_anew(&self, fetched: Result<Page, Error>, query: impl FnOnce() -> Query) -> Result<Page, Error> {
        match fetched {
            Err(Error::CursorExpired) => self.client.ask(&query()).await,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::json;
    use std::{sync::Arc, sync::Mutex, time::Duration};
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    use super::*;

    const QUERY: &str = "/services/data/v66.0/query";

    /// An org of `rows` numbered rows, two a page: a query is a number, and asks for those after it. Calls whose number is in
    /// `expired` find their cursor gone.
    async fn org(rows: u64, expired: &'static [u64]) -> (MockServer, Arc<Mutex<Vec<String>>>) {
        let server = MockServer::start().await;
        let session = json!({"access_token": "t", "instance_url": server.uri(), "token_type": "Bearer"});
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(session))
            .mount(&server)
            .await;
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        let page = move |from: u64| {
            let records: Vec<_> = (from + 1..=rows.min(from + 2)).map(|n| json!({"N": n})).collect();
            let done = from + 2 >= rows;
            let mut body = json!({"totalSize": rows, "done": done, "records": records});
            if !done {
                body["nextRecordsUrl"] = format!("{QUERY}/at-{}", from + 2).into();
            }
            ResponseTemplate::new(200).set_body_json(body)
        };
        let asked = move |request: &Request| {
            let from = request.url.query_pairs().find(|(name, _)| name == "q").unwrap().1.parse().unwrap();
            seen.lock().unwrap().push(format!("asked {from}"));
            page(from)
        };
        Mock::given(method("GET")).and(path(QUERY)).respond_with(asked).mount(&server).await;
        let seen = Arc::clone(&calls);
        let next = move |request: &Request| {
            let from = request.url.path().rsplit('-').next().unwrap().parse().unwrap();
            seen.lock().unwrap().push(format!("next {from}"));
            if expired.contains(&from) {
                let gone = json!([{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]);
                return ResponseTemplate::new(400).set_body_json(gone);
            }
            page(from)
        };
        Mock::given(method("GET")).respond_with(next).mount(&server).await;
        (server, calls)
    }

    fn client(server: &MockServer) -> Client {
        let credentials = json!({"login_url": server.uri(), "client_id": "i", "client_secret": "s"});
        let http = rest::Client::new(Duration::from_secs(20)).unwrap();
        Client::new(http, serde_json::from_value(credentials).unwrap(), "v66.0", 0.8, Utc::now)
    }

    /// The rows in the order in which they were handled.
    async fn read(client: &Client) -> Vec<u64> {
        let (mut pages, mut rows) = (client.pages(), Vec::new());
        let position = |rows: &[u64]| Query::new(rows.last().copied().unwrap_or_default().to_string());
        while let Some(page) = pages.next(|| position(&rows)).await.unwrap() {
            let numbers = async { page.records.iter().map(|row| row.text("N").unwrap().parse().unwrap()).collect() };
            let handled: Vec<u64> = pages.while_handling(numbers).await;
            rows.extend(handled);
        }
        assert!(pages.is_at_end());
        rows
    }

    #[tokio::test]
    async fn every_row_comes_once_and_the_query_is_asked_once() {
        for rows in 0..=5 {
            let (server, calls) = org(rows, &[]).await;
            assert_eq!(read(&client(&server)).await, (1..=rows).collect::<Vec<_>>());
            assert_eq!(calls.lock().unwrap().iter().filter(|call| call.starts_with("asked")).count(), 1);
        }
    }

    #[tokio::test]
    async fn where_the_cursor_expired_what_is_left_is_asked_for() {
        let (server, calls) = org(7, &[2, 6]).await;
        assert_eq!(read(&client(&server)).await, (1..=7).collect::<Vec<_>>());
        assert_eq!(*calls.lock().unwrap(), ["asked 0", "next 2", "asked 2", "next 4", "next 6", "asked 6"]);
    }

    #[tokio::test]
    async fn the_next_page_is_fetched_while_one_is_handled() {
        let (server, calls) = org(4, &[]).await;
        let client = client(&server);
        let mut pages = client.pages();
        pages.next(|| Query::new("0")).await.unwrap();
        let fetched = async {
            while calls.lock().unwrap().len() < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), pages.while_handling(fetched)).await.unwrap();
        // What is to be read from now on is another matter than what was fetched.
        pages.anew();
        let page = pages.next(|| Query::new("1")).await.unwrap().unwrap();
        assert_eq!(page.records[0].text("N").as_deref(), Some("2"));
    }
}
