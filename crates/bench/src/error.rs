//! Why there are no figures.

use std::io;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something of the machine's.
    #[error("could not {0}: {1}")]
    Io(String, #[source] io::Error),
    /// A certificate.
    #[error("could not make a certificate for loopback")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The function under measurement.
    #[error("{0}")]
    Function(String),
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Io(doing, error)
    }

    pub(crate) fn certificate(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Certificate(Box::new(error))
    }
}
