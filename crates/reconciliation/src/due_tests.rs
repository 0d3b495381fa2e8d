use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn cursor(first: &str, settled_until: &str) -> Cursor {
    Cursor { first: at(first).into(), settled_until: at(settled_until).into() }
}

fn names(days: &[BusinessDay]) -> Vec<String> {
    days.iter().map(ToString::to_string).collect()
}

/// A mark of a day for which something was first sent then, and last then.
fn mark(since: &str, last: &str) -> Due {
    Due { since: at(since).into(), last: at(last).into(), asked: false, settled: false, begun: None }
}

fn seen(looked_at: &str, complete: bool, quiet: bool) -> Seen {
    Seen { looked_at: at(looked_at), issued_at: at(looked_at), complete, quiet }
}

/// The 20th of November.
fn day(mark: Option<Due>, kept: Option<Seen>) -> Known {
    Known { end: at("2026-11-21T00:00:00Z"), mark, kept }
}

#[test]
fn the_settled_days_of_a_month_may_be_due() {
    let days = |cursor, zone| names(&days(Some(cursor), &BTreeMap::new(), zone, at("2026-11-20T12:00:00Z")));
    let old = days(cursor("2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z"), Zone::UTC);
    assert_eq!((old.len(), old[0].as_str(), old[29].as_str()), (30, "2026-11-19", "2026-10-21"));
    // Begun two days ago, and last night has failed so far.
    assert_eq!(days(cursor("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"), Zone::UTC), ["2026-11-18"]);
    // In Tokyo it is the 20th for three hours more; its days begin at 15:00 UTC.
    let tokyo = cursor("2026-11-17T15:00:00Z", "2026-11-19T15:00:00Z");
    assert_eq!(days(tokyo, "Asia/Tokyo".parse().unwrap()), ["2026-11-19", "2026-11-18"]);
    assert_eq!(days(cursor("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"), Zone::UTC), Vec::<String>::new());
}

#[test]
fn a_marked_day_is_due_however_old_it_is_and_whatever_the_cursor_says() {
    let marks = ["2025-12-24", "2026-11-18", "2026-11-20"]
        .map(|day| (day.parse().unwrap(), mark("2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z")));
    let (marks, now) = (marks.into(), at("2026-11-20T12:00:00Z"));
    assert_eq!(names(&days(None, &marks, Zone::UTC, now)), ["2026-11-18", "2025-12-24"], "today is not over");
    let begun = cursor("2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z");
    assert_eq!(names(&days(Some(begun), &marks, Zone::UTC, now)), ["2026-11-19", "2026-11-18", "2025-12-24"]);
}

#[test]
fn orders_of_no_store_are_settled_with_the_last_store() {
    let both = [
        cursor("2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z"),
        cursor("2026-11-17T15:00:00Z", "2026-11-19T15:00:00Z"),
    ];
    assert_eq!(of_all(both), Some(cursor("2026-11-18T00:00:00Z", "2026-11-19T15:00:00Z")));
    assert_eq!(of_all([]), None);
}

#[test]
fn a_day_is_due_until_it_is_complete() {
    let open = |looked_at| day(None, Some(seen(looked_at, false, false)));
    assert!(day(None, None).is_due(at("2026-11-21T01:00:00Z")));
    assert!(open("2026-11-21T01:00:00Z").is_due(at("2026-11-21T02:00:00Z")), "every hour for a week");
    // Then once a day: a month, a year.
    for (looked_at, not_yet, again) in [
        ("2026-11-28T12:00:00Z", "2026-11-29T10:00:00Z", "2026-11-29T11:00:00Z"),
        ("2026-12-20T12:00:00Z", "2026-12-21T10:00:00Z", "2026-12-21T11:00:00Z"),
        ("2027-11-20T12:00:00Z", "2027-11-21T10:00:00Z", "2027-11-21T11:00:00Z"),
    ] {
        assert!(!open(looked_at).is_due(at(not_yet)), "{looked_at}");
        assert!(open(looked_at).is_due(at(again)), "{looked_at}");
    }
}

#[test]
fn a_complete_day_is_due_once_a_day_for_a_week_more() {
    let complete = |looked_at| day(None, Some(seen(looked_at, true, false)));
    assert!(!complete("2026-11-21T12:30:00Z").is_due(at("2026-11-21T13:30:00Z")));
    assert!(complete("2026-11-21T12:30:00Z").is_due(at("2026-11-22T12:29:59Z")));
    assert!(complete("2026-11-27T23:00:00Z").is_due(at("2026-11-28T23:00:00Z")), "the last look is after the week");
    assert!(!complete("2026-11-28T23:00:00Z").is_due(at("2026-11-29T23:00:00Z")));
    assert!(!day(None, None).is_proven(true, false, at("2026-11-27T23:00:00Z")));
    assert!(day(None, None).is_proven(true, false, at("2026-11-28T00:00:00Z")));
    assert!(!day(None, None).is_proven(false, false, at("2027-11-28T00:00:00Z")));
}

#[test]
fn what_is_sent_late_makes_a_proven_day_due_again() {
    let kept = Some(seen("2026-11-29T03:00:00Z", true, false));
    let late = mark("2027-03-01T02:00:00Z", "2027-03-01T02:00:00Z");
    assert!(!day(None, kept).is_due(at("2027-03-01T03:00:00Z")));
    assert!(day(Some(late), kept).is_due(at("2027-03-01T03:00:00Z")));
    // Not complete after that: every hour for a week; complete: once a day for a week.
    let open = day(Some(late), Some(seen("2027-03-01T03:00:00Z", false, false)));
    assert!(open.is_due(at("2027-03-01T04:00:00Z")));
    let complete = day(Some(late), Some(seen("2027-03-01T09:00:00Z", true, false)));
    assert!(!complete.is_due(at("2027-03-01T10:00:00Z")));
    assert!(complete.is_due(at("2027-03-02T08:00:00Z")));
    assert!(!complete.is_proven(true, false, at("2027-03-08T01:59:59Z")));
    assert!(complete.is_proven(true, false, at("2027-03-08T02:00:00Z")));
}

#[test]
fn a_quiet_day_is_due_once_a_day_for_a_month_though_it_is_complete() {
    let quiet = |looked_at| day(None, Some(seen(looked_at, true, true)));
    assert!(!quiet("2026-11-21T03:00:00Z").is_due(at("2026-11-21T04:00:00Z")));
    assert!(quiet("2026-12-19T03:00:00Z").is_due(at("2026-12-20T03:00:00Z")));
    assert!(!quiet("2026-12-21T03:00:00Z").is_due(at("2026-12-22T03:00:00Z")));
    assert!(!day(None, None).is_proven(true, true, at("2026-12-20T23:00:00Z")));
    // It is news for a day, so that the next one is news too.
    assert!(quiet("2026-11-21T03:00:00Z").is_quiet_news(at("2026-11-22T02:00:00Z")));
    assert!(!quiet("2026-11-21T03:00:00Z").is_quiet_news(at("2026-11-22T03:00:00Z")));
    assert!(!day(None, Some(seen("2026-11-21T03:00:00Z", true, false))).is_quiet_news(at("2026-11-21T04:00:00Z")));
}

#[test]
fn a_day_that_is_open_for_a_month_is_overdue() {
    let open = Some(seen("2026-12-20T03:00:00Z", false, false));
    assert!(!day(None, open).is_overdue(at("2026-12-21T00:00:00Z")));
    assert!(day(None, open).is_overdue(at("2026-12-21T00:00:01Z")));
    assert!(day(None, None).is_overdue(at("2026-12-21T00:00:01Z")), "never certified");
    assert!(!day(None, Some(seen("2026-12-20T03:00:00Z", true, false))).is_overdue(at("2026-12-22T00:00:00Z")));
    // Run by hand long after: it counts from then.
    let by_hand = Some(mark("2027-01-10T00:00:00Z", "2027-02-08T00:00:00Z"));
    assert!(!day(by_hand, open).is_overdue(at("2027-02-09T00:00:00Z")));
    assert!(day(by_hand, open).is_overdue(at("2027-02-09T00:00:01Z")));
}

#[test]
fn whoever_waited_longest_is_next() {
    let turn = |begun: Option<&str>, kept: Option<&str>| {
        let mark = begun.map(|begun| Due { begun: Some(at(begun).into()), ..mark(begun, begun) });
        day(mark, kept.map(|looked_at| seen(looked_at, false, false))).turn()
    };
    assert_eq!(turn(None, None), None);
    assert_eq!(turn(Some("2026-11-21T03:00:00Z"), None), Some(at("2026-11-21T03:00:00Z")));
    assert_eq!(
        turn(Some("2026-11-21T03:00:00Z"), Some("2026-11-21T02:00:00Z")),
        Some(at("2026-11-21T03:00:00Z")),
        "a look that was killed had its turn"
    );
}
