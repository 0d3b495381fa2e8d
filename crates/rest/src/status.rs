/// What an HTTP status says before anyone knows the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2xx.
    Success,
    /// 401: the token or signature was not accepted; nothing took effect.
    Unauthorized,
    /// 429: too many calls; nothing took effect, see [`Reply::retry_after`](crate::Reply::retry_after).
    RateLimited,
    /// Any other 4xx but 408 and 425: refused, by the vendor if the body is the vendor's, else by what stands before it.
    Refused,
    /// 5xx, 408, 425: try later; whether the call took effect is not known.
    Unavailable,
    /// 1xx, 3xx (redirects are not followed) and numbers that are no HTTP status.
    Unexpected,
}

impl Class {
    /// The class of a status, or of a status-like code in a body.
    pub fn of(status: u16) -> Class {
        match status {
            200..=299 => Class::Success,
            401 => Class::Unauthorized,
            429 => Class::RateLimited,
            408 | 425 | 500..=599 => Class::Unavailable,
            400..=499 => Class::Refused,
            _ => Class::Unexpected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_class() {
        let class_of = |status| Class::of(status);
        assert_eq!([200, 201, 204].map(class_of), [Class::Success; 3]);
        assert_eq!([400, 403, 404, 409, 422].map(class_of), [Class::Refused; 5]);
        assert_eq!([408, 425, 500, 502, 503, 504, 599].map(class_of), [Class::Unavailable; 7]);
        assert_eq!([0, 100, 301, 302, 600, 1000].map(class_of), [Class::Unexpected; 6]);
        assert_eq!((Class::of(401), Class::of(429)), (Class::Unauthorized, Class::RateLimited));
    }
}
