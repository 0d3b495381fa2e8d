//! Webhooks as requests: each at its time, and again until it is answered with a 200.

use crate::emulator::agent;
use sandbox::{loyalty::Sending, shopify::Delivery};
use serde::Serialize;
use std::{sync::Arc, thread, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

/// Deliveries under way at one time: the emulator starts a process for each.
const AT_ONCE: usize = 4;
/// Shopify tries again so often, over four hours; here a second is waited, whoever sends.
/// <https://shopify.dev/changelog/updates-to-webhook-retry-mechanism>
const RETRIES: usize = 8;
const RETRY: Duration = Duration::from_secs(1);

/// A webhook to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// From the beginning of the plan.
    pub after: Duration,
    /// Behind the URL: nothing, or `/` and what tells one sender from another.
    pub path: String,
    /// Name and value.
    pub headers: Vec<(String, String)>,
    /// Raw.
    pub body: String,
    /// Whether it is to be accepted.
    pub genuine: bool,
}

impl From<Delivery> for Post {
    fn from(delivery: Delivery) -> Self {
        let Delivery { after, headers, body, kind, .. } = delivery;
        Self { after, path: String::new(), headers, body, genuine: kind.is_genuine() }
    }
}

impl Post {
    /// What Loyalty tells of: its address is all that speaks for it.
    pub fn of_loyalty(event: &Sending, token: &str) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let (path, body) = (format!("/{token}"), event.body.to_string());
        Self { after: event.after, path, headers, body, genuine: true }
    }
}

/// How deliveries were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Requests made.
    pub requests: usize,
    /// Genuine deliveries that were answered with 200, if not at once.
    pub accepted: usize,
    /// Tampered and forged ones that were answered with 401.
    pub refused: usize,
    /// Genuine ones that were not accepted, and others that were not refused.
    pub wrongly: usize,
}

/// Posts each of the plan's deliveries to `url` and waits for all of the answers.
pub async fn send(url: &str, plan: Vec<impl Into<Post>>) -> Answered {
    let (begun, http, url) = (Instant::now(), agent(), Arc::<str>::from(url));
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut sending = JoinSet::new();
    for post in plan {
        let post: Post = post.into();
        tokio::time::sleep_until(begun + post.after).await;
        // Nobody closes it.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        let (http, url) = (http.clone(), Arc::clone(&url));
        sending.spawn_blocking(move || {
            let answered = deliver(&http, &url, &post);
            drop(place);
            answered
        });
    }
    sending.join_all().await.into_iter().fold(Answered::default(), Answered::and)
}

impl Answered {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            wrongly: self.wrongly + other.wrongly,
        }
    }
}

fn deliver(http: &ureq::Agent, url: &str, webhook: &Post) -> Answered {
    let mut answered = Answered::default();
    loop {
        answered.requests += 1;
        match (webhook.genuine, post(http, url, webhook)) {
            (true, Some(200)) => answered.accepted += 1,
            (false, Some(401)) => answered.refused += 1,
            (true, _) if answered.requests <= RETRIES => {
                thread::sleep(RETRY);
                continue;
            }
            _ => answered.wrongly += 1,
        }
        return answered;
    }
}

/// The status of the answer, if there was one.
fn post(http: &ureq::Agent, url: &str, webhook: &Post) -> Option<u16> {
    let mut request = http.post(format!("{url}{}", webhook.path));
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    request.send(&webhook.body).ok().map(|answer| answer.status().as_u16())
}
