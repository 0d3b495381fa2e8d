//! What can go wrong with a call.

use serde::{Deserialize, Serialize};

/// Whether a fault strikes before or after the call has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The call has no effect.
    #[default]
    Before,
    /// The call has taken effect, and the caller does not learn it.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error answer in the vendor's shape.
    Status {
        /// HTTP status.
        code: u16,
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `RateLimit-Reset` in seconds (and `RateLimit-Remaining: 0`).
        #[serde(default)]
        reset: Option<u64>,
    },
    /// An HTML page where JSON is expected, as proxies and maintenance windows answer. No effect.
    Html {
        /// HTTP status.
        code: u16,
    },
    /// The answer takes longer. It adds to whatever else goes wrong with the call. A client that has
    /// given up meanwhile does not stop the effect.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
    },
    /// The connection is reset without an answer.
    Cut {
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
    },
    /// The connection is reset at once, and the call, held up on its way, takes effect so much later.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// The answer says that all is well, and there is no effect. Yotpo alone does so.
    SilentDrop,
    /// Every token that the vendor gave out becomes invalid just before this call is handled.
    ExpireTokens,
}

impl Fault {
    /// An error status before taking effect, without a header that says when to retry.
    pub const fn status(code: u16) -> Self {
        Self::Status { code, moment: Moment::Before, retry_after: None, reset: None }
    }
}
