//! What kind of failure of a function the org's are.

use crate::Unfit;
use function::Kind;

impl From<&Unfit> for Kind {
    fn from(unfit: &Unfit) -> Self {
        match unfit {
            Unfit::Salesforce(error) => kind(error),
            _ => Self::Misconfigured,
        }
    }
}

/// Of a call that failed.
pub fn kind(error: &salesforce::Error) -> Kind {
    use salesforce::Error;
    match error {
        Error::SessionExpired | Error::Unauthorized { .. } => Kind::Unauthorized,
        Error::BadQuery { .. } | Error::Missing { .. } | Error::NoSuchVersion { .. } | Error::Refused { .. } => {
            Kind::Misconfigured
        }
        _ => Kind::Unavailable,
    }
}
