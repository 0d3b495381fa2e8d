use chrono::{DateTime, Utc};

/// A dateTime that is not in any of Salesforce's formats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a dateTime such as 2026-11-20T18:04:31.000+0000")]
pub struct BadDatetime {
    /// What was there.
    pub text: String,
}

/// Reads a dateTime as Salesforce writes it in JSON, `2026-11-20T18:04:31.000+0000`, or elsewhere: with `Z`, with a
/// colon in the offset, without a fraction.
pub fn parse_datetime(text: &str) -> Result<DateTime<Utc>, BadDatetime> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z")
        .map(|instant| instant.to_utc())
        .map_err(|_| BadDatetime { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_format_of_salesforce_and_nothing_vague() {
        for same in [
            "2026-11-20T18:04:31.000+0000",
            "2026-11-20T18:04:31.000Z",
            "2026-11-20T18:04:31Z",
            "2026-11-20T19:04:31.000+01:00",
            "2026-11-20T12:34:31+0000".replace("12:34", "18:04").as_str(),
            "2026-11-20T12:34:31.000-0530",
        ] {
            assert_eq!(parse_datetime(same).unwrap().timestamp_millis(), 1_795_197_871_000, "{same}");
        }
        for bad in ["2026-11-20", "2026-11-20T18:04:31", "2026-02-30T00:00:00Z", "20 Nov 2026", ""] {
            assert!(parse_datetime(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_salesforce_writes_is_read_to_the_millisecond(millis in 0_i64..4_102_444_800_000, offset in -50_i32..56) {
            let instant = DateTime::from_timestamp_millis(millis).unwrap();
            let zone = chrono::FixedOffset::east_opt(offset * 900).unwrap();
            for format in ["%Y-%m-%dT%H:%M:%S%.3f%z", "%Y-%m-%dT%H:%M:%S%.3f%:z"] {
                let text = instant.with_timezone(&zone).format(format).to_string();
                prop_assert_eq!(parse_datetime(&text), Ok(instant), "{}", text);
            }
            prop_assert_eq!(parse_datetime(&crate::soql::datetime(instant)), Ok(instant));
        }
    }
}
