//! Values that a purchase can do without: mended, or left out, so that none of them costs an order.

use org::{clean, trim};
use url::Url;

/// An absolute http or https address, as ASCII: spaces and letters beyond are percent-encoded, a host beyond ASCII is written as
/// DNS has it. `None` for anything else, such as `/p/17` or `www.example.com/p/17`.
pub(crate) fn address(text: &str) -> Option<String> {
    let text = clean(text)?;
    let (scheme, rest) = text.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    // The parser forgives slashes too many; a browser's address bar does, and nobody else.
    let is_host = !rest.starts_with(['/', '\\', '?', '#']);
    let address = (is_web && is_host).then(|| Url::parse(&text).ok()).flatten()?;
    address.has_host().then(|| address.into())
}

/// A decimal number in plain digits, such as `49.99`; `None` for anything else, such as `49,99 €`.
pub(crate) fn decimal(text: &str) -> Option<String> {
    let text = trim(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let is_plain = digits(whole.strip_prefix('-').unwrap_or(whole)) && rest.is_none_or(digits);
    is_plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_absolute_or_left_out() {
        for (text, kept) in [
            ("https://example.com/p", "https://example.com/p"),
            ("http://example.com/a b?c=d e", "http://example.com/a%20b?c=d%20e"),
            (" HTTPS://Example.com/P ", "https://example.com/P"),
            ("https://example.com/größe", "https://example.com/gr%C3%B6%C3%9Fe"),
            ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
            ("https://example.com/a%20b", "https://example.com/a%20b"),
            ("https://example.com/a\nb", "https://example.com/a%20b"),
        ] {
            assert_eq!(address(text).as_deref(), Some(kept), "{text}");
        }
        for text in [
            "",
            " ",
            "/p/17",
            "p.html",
            "www.example.com/p",
            "//example.com/p",
            "https:example.com",
            "https:///p",
            "https://",
            "https://?x",
            "https://exa mple.com/",
            "https://example.com:port/",
            "ftp://example.com/p",
            "javascript://example.com/%0aalert(1)",
            "data:image/png;base64,AAAA",
            "mailto:jane@example.com",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_is_a_plain_decimal_or_left_out() {
        for text in ["0", "49.99", "-5", "007.10", "99999999999999999999.000001"] {
            assert_eq!(decimal(text).as_deref(), Some(text));
        }
        for text in ["", "-", ".5", "5.", "1e3", "1.0E-7", "49,99", "49.99 €", "1,000.00", "٣", "NaN", "1.2.3", "--1"]
        {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_as_it_must_be(text in "(https?:/?/?)?\\PC{0,40}|[a-zA-Z ]{0,5}|[-0-9.,e]{0,8}|[\\x00-\\xff]{0,20}") {
            if let Some(kept) = address(&text) {
                prop_assert!(kept.is_ascii() && !kept.contains(char::is_whitespace));
                prop_assert!(kept.starts_with("http://") || kept.starts_with("https://"));
                prop_assert_eq!(address(&kept), Some(kept.clone()), "mended once, mended for good");
            }
            if let Some(number) = decimal(&text) {
                prop_assert!(number.parse::<f64>().unwrap().is_finite());
            }
        }
    }
}
