/// An enum of the values that we act on, and [`Other`](crate::Topic::Other) for those that Shopify adds without asking: an
/// unknown value is kept and never an error.  Written in lower case as in webhooks; the Admin API's `REFUND_DISCREPANCY` and
/// a webhook's `Refund discrepancy` are the same value.
macro_rules! open_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// Any other, in lower case, `_` for spaces.
            Other(String),
        }

        impl $name {
            /// The values that have a variant.
            pub const KNOWN: &[$name] = &[$($name::$variant),+];

            /// As webhooks write it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                match text.trim().to_ascii_lowercase().replace(' ', "_") {
                    $(text if text == $text => $name::$variant,)+
                    text => $name::Other(text),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                String::deserialize(deserializer).map(|text| $name::from(text.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;
