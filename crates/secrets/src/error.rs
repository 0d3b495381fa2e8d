//! Why there is no secret, and what to do.

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

/// All but [`Error::Unavailable`] are faults of configuration: retrying is of no use, [`Error::mend`] is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No secret has this name, in this account and region.
    #[error(
        "misconfigured: secret `{name}` does not exist in this account and region (is STACK_NAME right?); mend with: {}",
        self.mend()
    )]
    Missing {
        /// The secret's name.
        name: String,
    },
    /// The secret exists and was never filled: no version, no text or `{{}}`.
    #[error("misconfigured: secret `{name}` has not been filled; mend with: {}", self.mend())]
    Empty {
        /// The secret's name.
        name: String,
    },
    /// The secret's text is not the JSON that it should be.
    #[error("misconfigured: secret `{name}`: at `{path}`: {expected}; mend with: {}", self.mend())]
    Malformed {
        /// The secret's name.
        name: String,
        /// Where in the JSON, such as `stores.default.app_key`; `.` for the whole.
        path: String,
        /// What would have been right; without the value that was there.
        expected: String,
    },
    /// The function may not read the secret, its key or its state.
    #[error("misconfigured: secret `{name}` cannot be read: {code}: {message}; mend with: {}", self.mend())]
    Refused {
        /// The secret's name.
        name: String,
        /// AWS's error code, such as `AccessDeniedException`.
        code: String,
        /// What AWS says.
        message: String,
    },
    /// No answer, or AWS is out of order or busy: worth another try.
    #[error("secret `{name}` could not be fetched: {reason}")]
    Unavailable {
        /// The secret's name.
        name: String,
        /// The SDK's chain of causes.
        reason: String,
    },
}

impl Error {
    pub(crate) fn of_call(name: &str, error: &SdkError<GetSecretValueError>) -> Self {
        let code = error.code().map(ToOwned::to_owned);
        let message = error.message().unwrap_or_default().to_owned();
        Self::of_answer(name, code.as_deref(), message)
            .unwrap_or_else(|| Self::Unavailable { name: name.to_owned(), reason: chain(error) })
    }

    /// The error that AWS's code and message stand for; `None` where another try may help.
    fn of_answer(name: &str, code: Option<&str>, message: String) -> Option<Self> {
        let name = name.to_owned();
        match code? {
            // "… can't find the specified secret value for staging label: AWSCURRENT": it exists, without a version.
            "ResourceNotFoundException" if message.contains("secret value") => Some(Self::Empty { name }),
            "ResourceNotFoundException" => Some(Self::Missing { name }),
            code @ ("AccessDeniedException"
            | "DecryptionFailure"
            | "InvalidParameterException"
            // Marked for deletion, for one.
            | "InvalidRequestException"
            | "UnrecognizedClientException"
            | "InvalidSignatureException") => Some(Self::Refused { name, code: code.to_owned(), message }),
            _ => None,
        }
    }

    /// The command that mends it; where that is a matter of permissions, the one that shows whose.
    pub fn mend(&self) -> String {
        let file = |name: &str| format!("file://{}.json", name.rsplit('/').next().unwrap_or(name));
        match self {
            Self::Missing { name } => {
                format!("aws secretsmanager create-secret --name {name} --secret-string {}", file(name))
            }
            Self::Empty { name } | Self::Malformed { name, .. } => {
                format!("aws secretsmanager put-secret-value --secret-id {name} --secret-string {}", file(name))
            }
            Self::Refused { name, .. } | Self::Unavailable { name, .. } => {
                format!("aws secretsmanager describe-secret --secret-id {name}")
            }
        }
    }
}

/// The error and its causes in their own words. Never their `Debug` output, which has the answer's body in it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str, message: &str) -> String {
        Error::of_answer("order-relay/yotpo", Some(code), message.to_owned()).unwrap().to_string()
    }

    #[test]
    fn a_secret_that_is_not_there_and_one_without_a_version_differ() {
        let gone = said("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        assert_eq!(
            gone,
            "misconfigured: secret `order-relay/yotpo` does not exist in this account and region (is STACK_NAME right?); \
             mend with: aws secretsmanager create-secret --name order-relay/yotpo --secret-string file://yotpo.json"
        );
        let unfilled = said(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        );
        assert_eq!(
            unfilled,
            "misconfigured: secret `order-relay/yotpo` has not been filled; mend with: aws secretsmanager \
             put-secret-value --secret-id order-relay/yotpo --secret-string file://yotpo.json"
        );
    }

    #[test]
    fn a_refusal_is_misconfigured_and_the_rest_is_worth_another_try() {
        for code in ["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"] {
            let said = said(code, "no");
            assert!(said.starts_with("misconfigured: secret `order-relay/yotpo` cannot be read"), "{said}");
            assert!(said.contains(code), "{said}");
        }
        for code in [None, Some("InternalServiceError"), Some("ThrottlingException"), Some("SomethingNew")] {
            assert!(Error::of_answer("s", code, String::new()).is_none(), "{code:?}");
        }
        let failure = SdkError::construction_failure("no route");
        let error = Error::of_call("s", &failure);
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("could not be fetched: failed to construct request: no route"), "{said}");
    }
}
