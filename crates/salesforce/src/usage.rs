/// How much of the org's daily pool of API calls is used.  The pool belongs to all integrations of the org and
/// rolls over 24 hours; the number lags behind.
/// <https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/headers_api_usage.htm>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls made in the last 24 hours.
    pub used: u64,
    /// Calls allowed in 24 hours.
    pub max: u64,
}

impl Usage {
    /// Reads `Sforce-Limit-Info`: `api-usage=10018/100000`, perhaps with `per-app-api-usage=…` beside it.
    pub(crate) fn parse(header: &str) -> Option<Usage> {
        header.split([';', ',', ' ']).find_map(|part| {
            let (used, max) = part.trim().strip_prefix("api-usage=")?.split_once('/')?;
            Some(Usage { used: used.parse().ok()?, max: max.parse().ok()? })
        })
    }

    /// The used part of the pool, 0 to 1 (or a little above).
    pub fn share(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "daily pools are far below 2^53")]
        let share = self.used as f64 / self.max as f64;
        if self.max == 0 { 0.0 } else { share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_alone_and_with_the_usage_of_the_app() {
        let known = Usage { used: 10_018, max: 100_000 };
        let usage = Some(known);
        assert_eq!(Usage::parse("api-usage=10018/100000"), usage);
        assert_eq!(Usage::parse("api-usage=10018/100000; per-app-api-usage=17/250(appName=sample)"), usage);
        assert_eq!(Usage::parse("per-app-api-usage=17/250(appName=sample), api-usage=10018/100000"), usage);
        for odd in ["", "api-usage=", "api-usage=1", "api-usage=a/b", "per-app-api-usage=17/250(appName=x)"] {
            assert_eq!(Usage::parse(odd), None, "{odd}");
        }
        assert!((known.share() - 0.10018).abs() < 1e-9);
        assert!(Usage { used: 3, max: 0 }.share().abs() < f64::EPSILON);
    }
}
