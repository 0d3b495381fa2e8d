use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A shop's permanent address, `acme.myshopify.com`, in lower case: what names a shop everywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopDomain(String);

/// Text that is no shop's address.  It is not quoted: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a shop's address, such as `acme.myshopify.com`")]
pub struct BadShop;

impl ShopDomain {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShopDomain {
    type Err = BadShop;

    fn from_str(text: &str) -> Result<ShopDomain, BadShop> {
        let text = text.to_ascii_lowercase();
        let name = text.strip_suffix(".myshopify.com").ok_or(BadShop)?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let good = plain && !name.is_empty() && name.len() <= 63 && !name.starts_with('-');
        if good { Ok(ShopDomain(text)) } else { Err(BadShop) }
    }
}

impl TryFrom<String> for ShopDomain {
    type Error = BadShop;

    fn try_from(text: String) -> Result<ShopDomain, BadShop> {
        text.parse()
    }
}

impl From<ShopDomain> for String {
    fn from(shop: ShopDomain) -> String {
        shop.0
    }
}

impl fmt::Display for ShopDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ShopDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shopifys_own_addresses() {
        assert_eq!("Acme-EU.MyShopify.com".parse::<ShopDomain>().unwrap().as_str(), "acme-eu.myshopify.com");
        for bad in [
            "",
            ".myshopify.com",
            "-a.myshopify.com",
            "a.b.myshopify.com",
            "acme.example.com",
            "acme.myshopify.com.example.com",
            "acme.myshopify.com/x",
            "evil/.myshopify.com",
            "{shop}.myshopify.com",
            " acme.myshopify.com",
        ] {
            assert_eq!(bad.parse::<ShopDomain>(), Err(BadShop), "{bad}");
        }
    }
}
