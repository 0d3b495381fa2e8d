use std::{fmt, str::FromStr};

/// An account's id, `123456` or `123456_SB1`: Setup › Company › Company Information.
///
/// Hosts have it in lower case with `-`, realms in upper case with `_`
/// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html>); either is read.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountId(String);

/// An account id that is none: it would become part of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an account id such as `123456` or `123456_SB1`")]
pub struct BadAccountId;

impl AccountId {
    /// As OAuth 1.0 signs for it: `123456_SB1`.
    pub fn realm(&self) -> &str {
        &self.0
    }

    /// Whether it is one to try things out in: a sandbox (`123456_SB1`), a release preview (`123456_RP`), or a developer's (`TSTDRV123456`,
    /// `TD123456`).
    pub fn is_for_trying(&self) -> bool {
        let suffix = self.0.split('_').nth(1).unwrap_or_default();
        ["SB", "RP"].iter().any(|kind| suffix.starts_with(kind)) || self.0.starts_with('T')
    }

    /// As it begins the account's hosts: `123456-sb1`.
    pub fn host_label(&self) -> String {
        self.0.to_ascii_lowercase().replace('_', "-")
    }
}

impl FromStr for AccountId {
    type Err = BadAccountId;

    fn from_str(text: &str) -> Result<Self, BadAccountId> {
        let realm = text.trim().to_ascii_uppercase().replace('-', "_");
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        // A label of a host name has at most 63 characters.
        if realm.len() <= 63 && realm.split('_').all(is_part) { Ok(Self(realm)) } else { Err(BadAccountId) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_realms_are_written_their_own_way() {
        for (text, realm, label) in [
            ("123456", "123456", "123456"),
            ("123456_SB1", "123456_SB1", "123456-sb1"),
            ("123456-sb1 ", "123456_SB1", "123456-sb1"),
            ("TSTDRV1234567", "TSTDRV1234567", "tstdrv1234567"),
            ("123456_RP_2", "123456_RP_2", "123456-rp-2"),
        ] {
            let account: AccountId = text.parse().unwrap();
            assert_eq!((account.realm(), account.host_label().as_str()), (realm, label));
        }
    }

    #[test]
    fn an_account_of_digits_alone_is_no_playground() {
        let is_for_trying = |text: &str| text.parse::<AccountId>().unwrap().is_for_trying();
        assert!(["123456_SB1", "123456-sb2", "123456_RP", "TSTDRV1234567", "TD1234567"].into_iter().all(is_for_trying));
        assert!(!["123456", "7654321", "123456_X"].into_iter().any(is_for_trying));
    }

    #[test]
    fn nothing_that_leads_to_another_host_is_an_account() {
        for bad in ["", " ", "123456.evil.example/", "a@b", "a:1", "a#", "_SB1", "123__SB1", "123_", "é", "a b", "%2f"]
        {
            assert_eq!(bad.parse::<AccountId>(), Err(BadAccountId), "{bad}");
        }
        assert_eq!("1".repeat(64).parse::<AccountId>(), Err(BadAccountId));
    }
}
