use std::{fmt, time::Duration};

use rest::{Failure, Unreadable};

/// Why a call to NetSuite failed, by what the caller can do about it. Codes that are not known here are values.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The login was refused, with a fresh token too; nothing took effect. Above the account's limit NetSuite says the same of
    /// calls that are in order, so: read the secret again, once, and come back later; if it lasts, it takes a person.
    #[error("NetSuite refuses the login: {code}")]
    Unauthorized {
        /// NetSuite's code, OAuth's `error`, or the key of the secret that cannot be used.
        code: String,
    },
    /// More calls at once than the account may make; nothing took effect.
    #[error("NetSuite's limit of concurrent calls is reached")]
    RateLimited {
        /// How long NetSuite asks to wait; it is not documented that it ever does.
        retry_after: Option<Duration>,
    },
    /// Somebody else was changing the record; nothing took effect. Read it again, then call again.
    #[error("NetSuite had the record in use: {0}")]
    Conflict(Said),
    /// NetSuite understood and refuses, in its own words; nothing took effect, and the same call is refused again.
    #[error("NetSuite refuses the call: {said}")]
    Refused {
        /// What a person would have to look at.
        reason: RefusalReason,
        /// Where and by which code.
        said: Said,
    },
    /// No usable answer: try later.
    #[error("NetSuite is not available")]
    Unavailable {
        /// Whether the call may have taken effect, or still may.
        may_land: bool,
        /// How long NetSuite asks to wait.
        retry_after: Option<Duration>,
        /// What came instead.
        #[source]
        source: Outage,
    },
}

/// What a refusal for good is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// There is a record of this external id or name.
    AlreadyExists,
    /// There is no such record.
    Missing,
    /// A workflow of the account has locked the record, for reading by REST too; SuiteQL still shows it.
    Locked,
    /// The books of the transaction's date are closed.
    ClosedPeriod,
    /// The role lacks a permission: no order's fault.
    Permission,
    /// A script, a deployment or a feature is not there: no order's fault.
    SetUp,
    /// All else: what was sent breaks a rule of the account or of NetSuite.
    Content,
}

/// What NetSuite said, as far as it may be repeated: never the text itself, which quotes what was sent, names and addresses
/// included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status; 200 from a RESTlet that caught its error.
    pub status: u16,
    /// `o:errorCode`, or a RESTlet's `code`: `USER_ERROR`, `INVALID_CONTENT`, …
    pub code: String,
    /// `o:errorPath`: the field, `item.items[0].item`.
    pub path: Option<String>,
    /// The text, where it is one that is known here, its values left out: `Invalid Field Value … for the following field: item`.
    pub detail: Option<String>,
}

/// What came instead of a usable answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Outage {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] Failure),
    /// An answer that cannot be read, such as a maintenance page.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An answer of NetSuite's that says so.
    #[error("{0}")]
    Said(Said),
    /// An answer of something that stands before NetSuite.
    #[error("HTTP {0}, and not from NetSuite")]
    Foreign(u16),
    /// An answer that breaks NetSuite's own documentation.
    #[error("not as documented: {0}")]
    Undocumented(&'static str),
}

impl Error {
    /// Whether the call may have taken effect, or still may: NetSuite goes on with a call whose caller has given up.
    pub fn may_land(&self) -> bool {
        matches!(self, Self::Unavailable { may_land: true, .. })
    }

    /// Whether the call was sent and not answered in time.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Unavailable { source: Outage::Transport(failure), .. } if failure.is_late())
    }

    /// How long NetSuite asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Unauthorized { .. } | Self::Conflict(_) | Self::Refused { .. } => None,
        }
    }

    /// The same failure of a call that only reads, or logs in for another: there is no effect that it might have.
    pub(crate) fn of_a_read(self) -> Self {
        match self {
            Self::Unavailable { retry_after, source, .. } => Self::Unavailable { may_land: false, retry_after, source },
            other => other,
        }
    }
}

impl RefusalReason {
    /// The word that records and dead letters keep of it.
    pub fn word(self) -> &'static str {
        match self {
            Self::AlreadyExists => "already_exists",
            Self::Missing => "missing",
            Self::Locked => "locked",
            Self::ClosedPeriod => "closed_period",
            Self::Permission => "permission",
            Self::SetUp => "set_up",
            Self::Content => "refused",
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}, {}", self.status, self.code)?;
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl<T: Into<Outage>> From<T> for Error {
    fn from(source: T) -> Self {
        let source = source.into();
        let may_land = !matches!(source, Outage::Transport(Failure::NotSent { .. }));
        Self::Unavailable { may_land, retry_after: None, source }
    }
}
