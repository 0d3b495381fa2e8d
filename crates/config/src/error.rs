//! Why a relay.toml cannot be used.

/// All three are faults of configuration: retrying is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, or it is not text in UTF-8.
    #[error("misconfigured: {origin} cannot be read")]
    Unreadable {
        /// The file.
        origin: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("misconfigured: {origin}, line {line}: not TOML: {message}")]
    Syntax {
        /// The file.
        origin: String,
        /// From 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A key is unknown, missing, or has a value that it cannot have.
    #[error(
        "misconfigured: {origin}, line {line}: `{key}`{}: {expected}",
        value.as_deref().map(|v| format!(" is {v}")).unwrap_or_default()
    )]
    Invalid {
        /// The file.
        origin: String,
        /// From 1; that of the enclosing table where the key is absent.
        line: usize,
        /// The key's path, such as `salesforce.completed[0].field`.
        key: String,
        /// The value as written, shortened; `None` for tables and absent keys.
        value: Option<String>,
        /// What would have been right.
        expected: String,
    },
}
