//! How the last runs of a scheduled function ended, for whoever asks: one small write a run.

use crate::event::Event;
use ledger::{By, Ledger, Ran};
use std::fmt::Display;

/// How a run ended that came to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Producer: everything that was asked for is settled.
    Settled,
    /// Producer: a later run goes on.
    NotSettled,
    /// Reconciler: every day that it certified is complete.
    Complete,
    /// Reconciler: a day is not.
    NotComplete,
    /// Reconciler: no day was due.
    NothingCertified,
    /// Reconciler: a day could not be looked at, or not to its end.
    NotFinished,
    /// The flow is paused: nothing was called or sent.
    Paused,
}

impl Ended {
    /// The word in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::NotSettled => "not settled",
            Self::Complete => "complete",
            Self::NotComplete => "not complete",
            Self::NothingCertified => "nothing certified",
            Self::NotFinished => "not finished",
            Self::Paused => "paused",
        }
    }
}

/// The word in the ledger for a run that failed.
pub const FAILED: &str = "failed";

/// Who started the run that this event is of.
pub fn by(event: &Event) -> By {
    match event {
        Event::Scheduled { .. } => By::Schedule,
        Event::Day { .. } => By::Hand,
    }
}

/// Keeps how a run ended. That it cannot be kept is no reason for a run to fail.
pub async fn keep<E: Display>(ledger: &Ledger, function: &str, by: By, ended: Result<Ended, &E>) {
    let at = ledger.now().into();
    let ran = match ended {
        Ok(ended) => Ran { at, ended: ended.as_str().to_owned(), error: None },
        Err(error) => Ran { at, ended: FAILED.to_owned(), error: Some(error.to_string()) },
    };
    if let Err(error) = ledger.keep_run(function, by, &ran).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "how the run ended could not be kept");
    }
}
