use super::*;
use proptest::prelude::*;

const HOUR: i64 = 60 * 60 * 1000;

fn silence() -> Error {
    Error::TooMuch { code: None }
}

fn said(code: &str) -> Error {
    Error::TooMuch { code: Some(code.to_owned()) }
}

fn position(stamp: i64) -> Position {
    let id = salesforce::Id::parse("801RO000000AbcDYAS").unwrap();
    Position { stamp: chrono::DateTime::from_timestamp_millis(stamp).unwrap(), id }
}

fn days(first: i64, end: i64, open: bool) -> Range {
    Range { first: first * 24 * HOUR, end: end * 24 * HOUR, least: LEAST, open }
}

/// A source whose orders, by stamp, were completed at these times, and which does so much completion time at once.
struct Source {
    completed: Vec<Option<i64>>,
    at_once: i64,
    page: usize,
}

impl Source {
    /// The stamps of a page, and whether it is the query's last.
    fn ask(&self, portion: &Portion, range: &Range, after: Option<&Position>) -> Result<(Vec<i64>, bool), Error> {
        let (window, wide) = match &portion.cut {
            None => ((i64::MIN, i64::MAX), range.end - range.first),
            Some(cut) => match cut.part {
                Part::Undated => ((1, 0), 0),
                Part::Earlier => ((i64::MIN, range.first), 0),
                Part::From(from) => ((from, cut.to(from, range)), cut.to(from, range) - from),
                Part::Later => ((range.end, i64::MAX), 0),
            },
        };
        if wide > self.at_once {
            return Err(said("QUERY_TIMEOUT"));
        }
        let undated = portion.cut.as_ref().is_none_or(|cut| cut.part == Part::Undated);
        let floor = after.or_else(|| portion.read(range)).map_or(-1, |position| position.stamp.timestamp_millis());
        let of_part = |completed: &Option<i64>| completed.map_or(undated, |at| window.0 <= at && at < window.1);
        let mut stamps: Vec<i64> = (0..)
            .zip(&self.completed)
            .filter(|(stamp, at)| *stamp > floor && of_part(at))
            .map(|(stamp, _)| stamp)
            .collect();
        let last = stamps.len() <= self.page;
        stamps.truncate(self.page);
        Ok((stamps, last))
    }

    /// Reads everything; a call fails by silence where `fails` says so. How often each order came, and the calls it took.
    fn read(&self, range: &Range, mut fails: impl FnMut(usize) -> bool) -> (Vec<usize>, usize) {
        let (mut portion, mut after) = (Portion::default(), None);
        let mut came = vec![0; self.completed.len()];
        for call in 0.. {
            assert!(call < 20_000, "it comes to no end: {portion:?}");
            let answer = if fails(call) { Err(silence()) } else { self.ask(&portion, range, after.as_ref()) };
            match answer {
                Err(error) => drop(portion.narrow(range, &mut after, &error)),
                Ok((stamps, last)) => {
                    for stamp in &stamps {
                        came[usize::try_from(*stamp).unwrap()] += 1;
                    }
                    after = stamps.last().map(|stamp| position(*stamp)).or(after);
                    if last {
                        after = None;
                        if !portion.next_part(range) {
                            return (came, call + 1);
                        }
                    }
                }
            }
            // What is kept between two runs is enough to go on with.
            portion = serde_json::from_str(&serde_json::to_string(&portion).unwrap()).unwrap();
        }
        unreachable!()
    }
}

proptest! {
    #[test]
    fn whatever_is_too_much_every_order_comes_once(
        completed in prop::collection::vec(prop::option::weighted(0.9, -30 * HOUR..120 * HOUR), 0..60),
        at_once in 1_i64..100,
        page in 1_usize..9,
        silent in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let source = Source { completed, at_once: at_once * HOUR, page };
        let (came, _) = source.read(&days(0, 4, true), |call| silent.get(call).copied().unwrap_or(false));
        prop_assert!(came.iter().all(|times| *times == 1), "{:?}", came);
    }

    #[test]
    fn a_day_by_hand_is_read_too(
        completed in prop::collection::vec((0..24 * HOUR).prop_map(Some), 0..60),
        at_once in 1_i64..100,
        page in 1_usize..9,
    ) {
        let source = Source { completed, at_once: at_once * LEAST, page };
        let (came, _) = source.read(&days(0, 1, false), |_| false);
        prop_assert!(came.iter().all(|times| *times == 1), "{:?}", came);
    }
}

#[test]
fn what_was_said_to_be_too_much_is_not_tried_again() {
    let source = Source { completed: Vec::new(), at_once: 12 * HOUR, page: 200 };
    let mut refused = 0;
    let range = days(0, 180, true);
    let (mut portion, mut after, mut calls) = (Portion::default(), None, 0);
    loop {
        calls += 1;
        match source.ask(&portion, &range, None) {
            Err(error) => {
                refused += 1;
                assert!(portion.narrow(&range, &mut after, &error));
            }
            Ok(_) if !portion.next_part(&range) => break,
            Ok(_) => {}
        }
    }
    // 180 days are halved nine times, to 8 hours and a half; not once more.
    assert_eq!(refused, 9);
    assert!(calls < 540, "{calls}");
}

#[test]
fn silence_of_an_hour_does_not_leave_small_windows_for_the_whole_pass() {
    let source = Source { completed: Vec::new(), at_once: i64::MAX, page: 200 };
    let (_, calls) = source.read(&days(0, 180, true), |call| call < 16);
    assert!(calls < 16 + 3 + 80, "{calls}");
}

#[test]
fn less_is_asked_for_in_the_way_that_helps() {
    let range = days(0, 1, false);
    let narrowed = |errors: &[Error]| {
        let mut portion = Portion::default();
        let narrowed: Vec<bool> = errors.iter().map(|error| portion.narrow(&range, &mut None, error)).collect();
        (portion.few_rows, portion.cut.is_some(), portion.by_id, narrowed)
    };
    assert_eq!(narrowed(&[silence()]), (true, false, false, vec![true]));
    assert_eq!(narrowed(&[said("QUERY_TIMEOUT")]), (false, true, false, vec![true]));
    assert_eq!(
        narrowed(&[said("OPERATION_TOO_LARGE"), said("OPERATION_TOO_LARGE")]),
        (true, true, false, vec![true, true])
    );
    for code in ["QUERY_TOO_COMPLICATED", "EXCEEDED_ID_LIMIT", "HTTP 414", "HTTP 431"] {
        // There is nothing less than that.
        assert_eq!(narrowed(&[said(code), said(code)]), (false, false, true, vec![true, false]), "{code}");
    }
    assert_eq!(narrowed(&[Error::CursorExpired]), (false, false, false, vec![false]));
    let all: Vec<Error> = std::iter::repeat_with(|| said("QUERY_TIMEOUT")).take(20).collect();
    let (_, cut, by_id, narrowed) = narrowed(&all);
    assert!(cut && by_id && narrowed.ends_with(&[false]), "{narrowed:?}");
}

#[test]
fn dates_are_cut_into_whole_days() {
    let range = Range { least: DAY, ..days(0, 5, true) };
    let mut portion = Portion::default();
    let mut parts = Vec::new();
    while portion.narrow(&range, &mut None, &said("QUERY_TIMEOUT")) {
        let cut = portion.cut.as_mut().unwrap();
        cut.part = Part::From(range.first);
        parts.push(cut.to(range.first, &range) / DAY);
    }
    assert_eq!(parts, [2, 1, 1], "{portion:?}");
    assert!(portion.by_id);
}
