use std::error::Error;
use std::sync::Arc;

use url::Url;

/// A call that got no answer.  Neither the message nor the chain of sources holds the path or the query of the
/// address, which may carry tokens.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The request certainly did not leave: no address, no connection, no TLS, or nothing that could be sent.
    /// Repeating it is always safe.
    #[error("no connection to {host}; the call was not sent")]
    NotSent {
        /// The vendor's host.
        host: String,
        /// Why.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The request, or part of it, may have arrived: time-out, reset, half an answer.  Whether it took effect is
    /// not known.
    #[error("no complete answer from {host}; whether the call took effect is not known")]
    Unknown {
        /// The vendor's host.
        host: String,
        /// Why.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl Failure {
    /// Whether the call was sent and not answered in time.
    pub fn is_late(&self) -> bool {
        let Failure::Unknown { source, .. } = self else { return false };
        source.is::<tokio::time::error::Elapsed>()
            || source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
    }

    pub(crate) fn not_sent(url: &Url, source: impl Error + Send + Sync + 'static) -> Failure {
        Failure::NotSent { host: host(url), source: Arc::new(source) }
    }

    pub(crate) fn unknown(url: &Url, source: impl Error + Send + Sync + 'static) -> Failure {
        Failure::Unknown { host: host(url), source: Arc::new(source) }
    }

    pub(crate) fn from_reqwest(url: &Url, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        // `is_connect` covers DNS, TCP, TLS and the connect time-out: hyper-util reports it only for a connection
        // that never became one.  `is_builder`: nothing was even tried.  Everything else is in doubt, also hyper's
        // "cancelled": the cases it can prove unsent on a pooled connection it has already sent again itself.
        if error.is_connect() || error.is_builder() {
            Failure::not_sent(url, error)
        } else {
            Failure::unknown(url, error)
        }
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
