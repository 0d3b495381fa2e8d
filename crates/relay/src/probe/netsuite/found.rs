//! What an account's answers say about what is assumed of NetSuite. Pure.

use crate::probe::finding::{Finding, Verdict};
use std::time::Duration;

/// What a POST was answered with that asks for an external id which exists, or is asked for at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    Created,
    /// Refused as one that exists.
    Exists,
    /// Refused, or not answered, in other words.
    Otherwise(String),
}

/// What became of a line of which a part was shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shipped {
    /// Closing what was left of it; else NetSuite's words.
    pub(super) closed: Result<(), String>,
    /// Changing another line of the order.
    pub(super) other: Result<(), String>,
}

/// How calls ended that were made at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) asked: usize,
    pub(super) answered: usize,
    /// By HTTP 429, or what means the same.
    pub(super) limited: usize,
    /// As logins that fail.
    pub(super) logins: usize,
    /// In any other way, in NetSuite's words.
    pub(super) otherwise: Vec<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Burst {
    /// How many were refused.
    pub(super) fn refused(&self) -> usize {
        self.limited + self.logins
    }

    /// How many the account bears at a time, where more were asked for.
    pub(super) fn limit(&self) -> Option<usize> {
        (self.refused() > 0 && self.answered > 0).then_some(self.answered)
    }
}

fn finding(question: &'static str, assumed: impl Into<String>, verdict: Verdict, found: impl Into<String>) -> Finding {
    Finding { question, assumed: assumed.into(), found: found.into(), verdict, set: None }
}

/// What a POST of an external id does that exists; `records`: how many there are of it afterwards.
pub(super) fn repeat(again: &Posted, records: usize) -> Finding {
    let assumed = "it is refused as one that exists: an order whose answer was lost is not made again";
    let (verdict, found) = match again {
        _ if records > 1 => (Verdict::DoesNotHold, format!("records of the one external id: {records}")),
        Posted::Exists => (Verdict::Holds, "refused as one that exists".to_owned()),
        Posted::Created => (Verdict::DoesNotHold, "answered as if it were new, and one record".to_owned()),
        Posted::Otherwise(said) => {
            (Verdict::DoesNotHold, format!("refused in words that are not known, which would reject the order: {said}"))
        }
    };
    finding("What does a POST do of an external id that exists?", assumed, verdict, found)
}

/// What two POSTs of one external id do that are made at the same time.
pub(super) fn at_once(answers: &[Posted], records: usize) -> Finding {
    let assumed = "one record, whatever the two are told: the reading of the stamp tells what is there";
    let told = |posted: &Posted| match posted {
        Posted::Created => "created".to_owned(),
        Posted::Exists => "refused as one that exists".to_owned(),
        Posted::Otherwise(said) => said.clone(),
    };
    let told: Vec<String> = answers.iter().map(told).collect();
    let verdict = if records == 1 { Verdict::Holds } else { Verdict::DoesNotHold };
    let found = format!("records of the one external id: {records}; told: {}", told.join(", and "));
    finding("What do two POSTs of one external id do at the same time?", assumed, verdict, found)
}

/// Whether an order's address can be changed; `Ok(false)`: the call is answered, and the address as it was.
pub(super) fn address(changed: Result<bool, String>) -> Finding {
    let assumed = "by PATCH of the order's own address";
    let parked = "such changes are parked as address_locked, and all else of the order goes";
    let (verdict, found) = match changed {
        Ok(true) => (Verdict::Holds, "changed".to_owned()),
        Ok(false) => {
            (Verdict::DoesNotHold, "answered as if it were, and not changed: NetSuite keeps the first".to_owned())
        }
        Err(said) => (Verdict::DoesNotHold, format!("refused ({said}): {parked}")),
    };
    finding("Can the address of an order be changed?", assumed, verdict, found)
}

/// Whether what is left of a shipped line can be closed, and other lines be changed; `Err`: why that was not found out.
pub(super) fn shipped(seen: Result<Shipped, String>) -> Finding {
    let assumed = "what is left of it is closed by PATCH, and the order's other lines can be changed";
    let (verdict, found) = match seen {
        Err(why) => (Verdict::NotFoundOut, why),
        Ok(Shipped { closed: Ok(()), other: Ok(()) }) => (Verdict::Holds, "closed; another line changed".to_owned()),
        Ok(Shipped { closed, other }) => {
            let say = |what: &str, result: Result<(), String>| match result {
                Ok(()) => format!("{what}: taken"),
                Err(said) => format!("{what}: refused ({said})"),
            };
            (Verdict::DoesNotHold, format!("{}; {}", say("closing it", closed), say("changing another line", other)))
        }
    };
    finding("What can be changed of an order of which a part was shipped?", assumed, verdict, found)
}

/// How many calls the account bears at a time, of which `slots` are ours.
pub(super) fn limit(burst: &Burst, slots: u32) -> Finding {
    let assumed = format!("{slots} of ours (netsuite.slots), and one more that stays unallocated");
    let question = "How many calls does the account bear at a time?";
    let Some(limit) = burst.limit() else {
        let found = format!("all of {} were answered; --at-once asks for more", burst.answered);
        return finding(question, assumed, Verdict::NotFoundOut, found);
    };
    let found = format!("{limit} of {} were answered, {} refused", burst.asked, burst.refused());
    if usize::try_from(slots).is_ok_and(|slots| slots < limit) {
        return finding(question, assumed, Verdict::Holds, found);
    }
    let set = Some(format!("netsuite.slots = {}", limit.saturating_sub(1).max(1)));
    Finding { set, ..finding(question, assumed, Verdict::DoesNotHold, found) }
}

/// How a call too many is refused.
pub(super) fn refusal(burst: &Burst) -> Finding {
    let assumed = "by HTTP 429 or as a login that fails, with or without Retry-After: each is waited for";
    let question = "How is a call too many refused?";
    if !burst.otherwise.is_empty() {
        let found = format!("in other words: {}", burst.otherwise.join("; "));
        return finding(question, assumed, Verdict::DoesNotHold, found);
    }
    if burst.refused() == 0 {
        return finding(question, assumed, Verdict::NotFoundOut, "none was refused");
    }
    let after = burst.retry_after.map_or_else(
        || "without Retry-After".to_owned(),
        |wait| format!("Retry-After {}", humantime::format_duration(wait)),
    );
    let ways = [(burst.limited, "by 429"), (burst.logins, "as a login that fails")];
    let ways: Vec<String> = ways.into_iter().filter(|(n, _)| *n > 0).map(|(n, way)| format!("{n} {way}")).collect();
    finding(question, assumed, Verdict::Holds, format!("{}, {after}", ways.join(", ")))
}

/// Whether calls for tokens count; `None`: this login asks for none. `alone` is as many readings as the account bears, `beside` the same
/// with calls for tokens among them.
pub(super) fn tokens(seen: Option<(&Burst, &Burst)>, slots: u32) -> Finding {
    let (question, assumed) = ("Do calls for a token count?", "they do not: no place is kept for them");
    match seen {
        None => finding(question, assumed, Verdict::NotFoundOut, "the limit is not known, or this login asks for none"),
        Some((alone, _)) if alone.refused() > 0 => {
            finding(question, assumed, Verdict::NotFoundOut, "others call the account: some were refused without them")
        }
        Some((_, beside)) if beside.refused() == 0 => {
            finding(question, assumed, Verdict::Holds, format!("all of {} were answered beside them", beside.answered))
        }
        Some((_, beside)) => {
            let found = format!("beside them {} of {} were refused", beside.refused(), beside.asked);
            let set = Some(format!("netsuite.slots = {}", slots.saturating_sub(1).max(1)));
            Finding { set, ..finding(question, assumed, Verdict::DoesNotHold, found) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(answered: usize, limited: usize, logins: usize) -> Burst {
        Burst { asked: answered + limited + logins, answered, limited, logins, ..Burst::default() }
    }

    #[test]
    fn one_record_is_what_counts() {
        let said = || Posted::Otherwise("HTTP 400, USER_ERROR".to_owned());
        for (again, records, verdict, says) in [
            (Posted::Exists, 1, Verdict::Holds, "refused as one that exists"),
            (Posted::Created, 2, Verdict::DoesNotHold, "records of the one external id: 2"),
            (Posted::Exists, 2, Verdict::DoesNotHold, "records of the one external id: 2"),
            (Posted::Created, 1, Verdict::DoesNotHold, "answered as if it were new"),
            (said(), 1, Verdict::DoesNotHold, "refused in words that are not known"),
        ] {
            let finding = repeat(&again, records);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.starts_with(says), "{finding:?}");
        }
        for (answers, records, verdict) in [
            ([Posted::Created, Posted::Exists], 1, Verdict::Holds),
            ([Posted::Created, said()], 1, Verdict::Holds),
            ([Posted::Created, Posted::Created], 2, Verdict::DoesNotHold),
            ([said(), said()], 0, Verdict::DoesNotHold),
        ] {
            assert_eq!(at_once(&answers, records).verdict, verdict, "{answers:?}");
        }
    }

    #[test]
    fn slots_are_less_than_what_the_account_bears() {
        for (burst, verdict, set) in [
            (burst(5, 7, 0), Verdict::Holds, None),
            (burst(5, 0, 7), Verdict::Holds, None),
            (burst(4, 8, 0), Verdict::DoesNotHold, Some("netsuite.slots = 3")),
            (burst(1, 8, 0), Verdict::DoesNotHold, Some("netsuite.slots = 1")),
            (burst(12, 0, 0), Verdict::NotFoundOut, None),
        ] {
            let finding = limit(&burst, 4);
            assert_eq!((finding.verdict, finding.set.as_deref()), (verdict, set), "{finding:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_way() {
        let waits = Burst { retry_after: Some(Duration::from_secs(7)), ..burst(5, 3, 0) };
        assert_eq!(refusal(&waits).found, "3 by 429, Retry-After 7s");
        assert_eq!(refusal(&burst(5, 1, 2)).found, "1 by 429, 2 as a login that fails, without Retry-After");
        assert_eq!(refusal(&burst(5, 0, 0)).verdict, Verdict::NotFoundOut);
        let odd = Burst { otherwise: vec!["HTTP 503".to_owned()], ..burst(5, 1, 0) };
        assert_eq!(refusal(&odd).verdict, Verdict::DoesNotHold);
    }

    #[test]
    fn tokens_count_if_readings_are_refused_beside_them_alone() {
        let verdict = |alone, beside| tokens(Some((&alone, &beside)), 4).verdict;
        assert_eq!(verdict(burst(5, 0, 0), burst(5, 0, 0)), Verdict::Holds);
        assert_eq!(verdict(burst(5, 0, 0), burst(3, 2, 0)), Verdict::DoesNotHold);
        assert_eq!(verdict(burst(4, 1, 0), burst(3, 2, 0)), Verdict::NotFoundOut);
        assert_eq!(tokens(None, 4).verdict, Verdict::NotFoundOut);
        let counted = tokens(Some((&burst(5, 0, 0), &burst(4, 1, 0))), 4);
        assert_eq!(counted.set.as_deref(), Some("netsuite.slots = 3"));
    }

    #[test]
    fn what_shipping_leaves_open_is_told_part_by_part() {
        let refused = || Err("HTTP 400, USER_ERROR".to_owned());
        assert_eq!(shipped(Ok(Shipped { closed: Ok(()), other: Ok(()) })).verdict, Verdict::Holds);
        let half = shipped(Ok(Shipped { closed: refused(), other: Ok(()) }));
        assert_eq!(half.verdict, Verdict::DoesNotHold);
        assert_eq!(half.found, "closing it: refused (HTTP 400, USER_ERROR); changing another line: taken");
        assert_eq!(shipped(Err("no item".to_owned())).verdict, Verdict::NotFoundOut);
        for (changed, verdict) in [(Ok(true), Verdict::Holds), (Ok(false), Verdict::DoesNotHold)] {
            assert_eq!(address(changed).verdict, verdict);
        }
        assert!(address(Err("HTTP 400".to_owned())).found.contains("address_locked"));
    }
}
