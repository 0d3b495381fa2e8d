use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Ids are integers of 64 bits, beyond what a JavaScript number or an `f64` holds.  Each record's own type, so that the id of a
/// refund's line is never taken for that of the order's line.
macro_rules! ids {
    ($($(#[$about:meta])* $name:ident = $object:literal;)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// From `gid://shopify/{object}/{id}`, as the Admin API names things and webhooks do in `admin_graphql_api_id`; `None`
            /// for another object's.
            pub fn from_gid(gid: &str) -> Option<$name> {
                number(gid, $object).map($name)
            }

            /// As the Admin API names it.
            pub fn gid(self) -> String {
                format!("gid://shopify/{}/{}", $object, self.0)
            }
        }

        /// A number, as in webhooks, or the Admin API's name for it.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserializer.deserialize_any(Named($object)).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// An order.
    OrderId = "Order";
    /// A line of an order.
    LineItemId = "LineItem";
    /// A refund.
    RefundId = "Refund";
    /// A customer.
    CustomerId = "Customer";
}

/// The number in `gid://shopify/{object}/{number}`; what follows a `?` is not part of it.
pub(crate) fn number(gid: &str, object: &str) -> Option<u64> {
    let rest = gid.strip_prefix("gid://shopify/")?.strip_prefix(object)?.strip_prefix('/')?;
    let digits = rest.split_once('?').map_or(rest, |(digits, _)| digits);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

struct Named(&'static str);

impl Visitor<'_> for Named {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an id, such as 820982911946154508 or gid://shopify/{}/820982911946154508", self.0)
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<u64, E> {
        Ok(id)
    }

    fn visit_str<E: Error>(self, gid: &str) -> Result<u64, E> {
        number(gid, self.0).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
    }
}

/// An id that is not told apart by a type of its own.
pub(crate) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Any;
    impl Visitor<'_> for Any {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id")
        }

        fn visit_u64<E: Error>(self, id: u64) -> Result<u64, E> {
            Ok(id)
        }

        fn visit_str<E: Error>(self, gid: &str) -> Result<u64, E> {
            let object = gid.strip_prefix("gid://shopify/").and_then(|rest| rest.split('/').next());
            object
                .and_then(|object| number(gid, object))
                .ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
        }
    }
    deserializer.deserialize_any(Any)
}

/// The same, or null.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Wrapped(#[serde(deserialize_with = "any")] u64);
    Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|Wrapped(id)| id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gid_is_of_its_own_object() {
        let id = OrderId(820_982_911_946_154_508);
        assert_eq!(OrderId::from_gid(&id.gid()), Some(id));
        for other in [
            "gid://shopify/Customer/1",
            "gid://shopify/OrderTransaction/1",
            "gid://shopify/Order/",
            "gid://shopify/Order/+1",
            "gid://shopify/Order/1/2",
            "1",
        ] {
            assert_eq!(OrderId::from_gid(other), None, "{other}");
        }
        assert_eq!(number("gid://shopify/MailingAddress/7?model_name=CustomerAddress", "MailingAddress"), Some(7));
    }
}
