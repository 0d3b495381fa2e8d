use super::*;
use config::BusinessDay;
use proptest::prelude::*;
use reconciliation::history::{DayCounts, Wait};
use reconciliation::{Certificate, Destination, SourceCount, Tally};

/// What somebody at a destination might call a reason.
const HOSTILE: &str = "</text><script src=\"https://x.example/x.js\">alert(1)</script>&<img src=x>'\"";

fn history(last: &str, days: u32, of: impl Fn(u32, BusinessDay) -> DayCounts) -> DayHistory {
    let last: BusinessDay = last.parse().unwrap();
    let days: Vec<DayCounts> = (0..days).map(|n| of(n, last.days_before(days - 1 - n))).collect();
    let waits = ["under 1 h", "1 to 2 h", "2 to 4 h", "4 to 8 h", "8 to 24 h", "1 to 7 days", "over 7 days"];
    let delivered: usize = days.iter().map(|day| day.confirmed + day.accepted).sum();
    let shares = [60, 24, 8, 3, 2, 2, 1];
    let time_to_deliver = waits
        .into_iter()
        .zip(shares)
        .map(|(after, share)| Wait { after, deliveries: delivered * share / 100 })
        .collect();
    let skipped: usize = days.iter().map(|day| day.skipped).sum();
    let by_reason = |reasons: &[(&str, usize)]| reasons.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
    DayHistory {
        skipped_by_reason: by_reason(&[("no_email", skipped - skipped / 3), ("test_order", skipped / 3)]),
        rejected_by_reason: by_reason(&[("Yotpo refused it: HTTP 400, code 400, field order_id", 3)]),
        parked_by_reason: by_reason(&[("unknown_store", 2), ("exhausted", 1)]),
        time_to_deliver,
        time_unknown: 2,
        attempted_again: 41,
        sent_again: 12,
        certificates: days.iter().filter(|day| day.completed > 0).map(certificate).collect(),
        days,
    }
}

fn certificate(day: &DayCounts) -> Certificate {
    let skipped = BTreeMap::from([("no_email".to_owned(), day.skipped)]);
    let rejected = BTreeMap::from([("Yotpo refused it".to_owned(), day.rejected)]);
    let (confirmed, accepted, pending) = (day.confirmed, day.accepted, day.open);
    Certificate {
        store: config::StoreName::try_from("acme".to_owned()).unwrap(),
        business_day: day.business_day,
        issued_at: "2026-11-21T06:00:00Z".parse().unwrap(),
        config_sha256: "5f0c21ab".repeat(8),
        source: SourceCount { completed: day.completed },
        ledger: Tally { confirmed, accepted, pending, skipped, rejected, ..Tally::default() },
        destination: Some(Destination { found: day.confirmed, unexpected: 0 }),
        totals: None,
        balances: None,
        repaired: 3,
        quiet: false,
        complete: day.standing == DayStanding::Complete,
    }
}

fn day_of(business_day: BusinessDay, standing: DayStanding, numbers: [usize; 5]) -> DayCounts {
    let [confirmed, accepted, open, skipped, rejected] = numbers;
    let completed = numbers.iter().sum();
    DayCounts { business_day, standing, completed, confirmed, accepted, open, skipped, rejected }
}

fn week() -> DayHistory {
    history("2026-11-20", 9, |n, day| match n {
        0 => day_of(day, DayStanding::Before, [0; 5]),
        3 => day_of(day, DayStanding::NoCertificate, [0; 5]),
        7 => day_of(day, DayStanding::NotComplete, [812, 40, 77, 16, 1]),
        8 => day_of(day, DayStanding::NotComplete, [500, 390, 21, 19, 0]),
        n => day_of(day, DayStanding::Complete, [840 + 37 * n as usize, 0, 0, 18, 1]),
    })
}

fn months() -> DayHistory {
    history("2026-11-20", 400, |n, day| match n {
        0..30 => day_of(day, DayStanding::Before, [0; 5]),
        250 | 399 => day_of(day, DayStanding::NotComplete, [9_000, 800, 130, 260, 4]),
        251 => day_of(day, DayStanding::NoCertificate, [0; 5]),
        n => day_of(day, DayStanding::Complete, [9_000 + (n as usize * 7_919) % 3_000, 0, 0, 250, 4]),
    })
}

fn shown(name: &str, history: &DayHistory) -> String {
    let made_at = "2026-11-21T06:30:00Z".parse().unwrap();
    let about =
        About { flow: Flow::ALL[0], stack: "order-relay", store: None, config_sha256: &"5f0c21ab".repeat(8), made_at };
    let page = page(history, &about);
    // To look at: REPORT_SAMPLES=folder cargo test -p relay report
    if let Some(folder) = std::env::var_os("REPORT_SAMPLES") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &page).unwrap();
    }
    page
}

/// Nothing in it runs or is loaded from anywhere.
fn assert_self_contained(page: &str) {
    for bad in ["://", "src=", "<script", "<link", "<img", "@import", "javascript:", "onload", "href=", "url("] {
        assert!(!page.contains(bad), "{bad}");
    }
}

/// Every element that is opened is closed, in that order.
fn assert_well_formed(page: &str) {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default();
        match tag {
            _ if tag.starts_with('!') || name == "meta" => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "</{name}>"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_quiet_day_is_not_all_well_though_it_is_complete() {
    let mut history = history("2026-11-20", 1, |_, day| day_of(day, DayStanding::Complete, [0, 0, 0, 30, 0]));
    history.certificates[0].quiet = true;
    let page = shown("quiet", &history);
    assert!(page.contains("1 certificate is quiet.") && page.contains("complete, quiet"), "{page}");
    assert!(!history.is_complete());
}

#[test]
fn a_week_and_a_year_are_whole_pages() {
    for (name, history, says) in [
        ("week", week(), "2 of 8 days are not complete."),
        ("year", months(), "2 of 370 days are not complete."),
        (
            "days",
            history("2026-11-20", 1, |_, day| day_of(day, DayStanding::Complete, [38, 0, 0, 6, 1])),
            "Every day is complete.",
        ),
        (
            "nothing",
            history("2026-11-20", 3, |_, day| day_of(day, DayStanding::Before, [0; 5])),
            "There is nothing to report.",
        ),
    ] {
        let page = shown(name, &history);
        assert!(page.contains(says), "{name}");
        assert_self_contained(&page);
        assert_well_formed(&page);
        // A mail takes it.
        assert!(page.len() < 400_000, "{name}: {} bytes", page.len());
        assert_eq!(page.matches("<figure>").count(), 5);
        assert_eq!(page.matches("<figcaption>").count(), 5);
    }
}

#[test]
fn the_numbers_behind_the_plots_are_the_histories() {
    let page = shown("week", &week());
    for says in [
        "<td>2026-11-19</td><td>946</td><td>812</td><td>40</td><td>77</td><td>16</td><td>1</td>",
        "no email",
        "unknown store",
    ] {
        assert!(page.contains(says), "{says}");
    }
    let half = "Nine in ten";
    assert!(shown("week", &week()).contains("nine in ten within 4 h") && !page.contains(half));
}

#[test]
fn what_others_call_a_reason_cannot_become_a_part_of_the_page() {
    let mut history = week();
    for by_reason in [&mut history.rejected_by_reason, &mut history.skipped_by_reason, &mut history.parked_by_reason] {
        by_reason.insert(HOSTILE.to_owned(), 7);
    }
    let made_at = "2026-11-21T06:30:00Z".parse().unwrap();
    let about = About { flow: Flow::ALL[0], stack: HOSTILE, store: Some(HOSTILE), config_sha256: "0", made_at };
    let page = page(&history, &about);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("\"https://x.example"), "{page}");
    assert!(page.contains("&lt;script"));
    assert_well_formed(&page);
}

#[test]
fn many_reasons_become_a_few_lines_that_add_up() {
    let many: BTreeMap<String, usize> = (1..=40).map(|n| (format!("reason {n}"), n)).collect();
    let bars = longest(&many, "", "plain");
    assert_eq!((bars.len(), bars[0].n, bars.iter().map(|bar| bar.n).sum::<usize>()), (REASONS + 1, 40, 820));
    assert_eq!(bars[REASONS].label, "28 other reasons");
}

proptest! {
    #[test]
    fn no_number_breaks_the_page(numbers in proptest::collection::vec((0..4_usize, any::<[u32; 5]>()), 1..100)) {
        let standings = [DayStanding::Before, DayStanding::Complete, DayStanding::NoCertificate, DayStanding::NotComplete];
        let count = u32::try_from(numbers.len()).unwrap();
        let history = history("2026-11-20", count, |n, day| {
            let (standing, counts) = numbers[n as usize];
            day_of(day, standings[standing], counts.map(|n| n as usize / 1_000))
        });
        let page = page(&history, &About { flow: Flow::ALL[0], stack: "s", store: None, config_sha256: "0", made_at: DateTime::UNIX_EPOCH });
        assert_well_formed(&page);
        assert_self_contained(&page);
        prop_assert!(!page.contains("NaN") && !page.contains("inf") && !page.contains("=\"-"));
    }
}
