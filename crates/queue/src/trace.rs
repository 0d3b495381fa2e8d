//! X-Ray's trace header on its way through the queue.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html>

/// A trace header that SQS takes, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`:
/// a call with one that it does not take fails as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceHeader(String);

impl TraceHeader {
    /// The header in `text`; `None` if it has no trace id of the documented form.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let root = text.split(';').find_map(|part| part.strip_prefix("Root="))?;
        let mut parts = root.split('-');
        let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = parts.next() == Some("1")
            && parts.next().is_some_and(|time| is_hex(time, 8))
            && parts.next().is_some_and(|unique| is_hex(unique, 24))
            && parts.next().is_none();
        (printable && id).then(|| Self(text.to_owned()))
    }

    /// The header's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_header_with_a_trace_id_is_one() {
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        for good in [root.to_owned(), format!("{root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:7b1a2c3d:0")] {
            assert_eq!(TraceHeader::parse(&good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a99427279",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a994272793-1",
            "Root=1-5759e988-bd862e3fe1be46a994272793;\u{7f}",
        ] {
            assert_eq!(TraceHeader::parse(bad), None, "{bad:?}");
        }
    }
}
