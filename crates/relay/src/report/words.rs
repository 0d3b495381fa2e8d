//! Numbers, days and reasons as people read them.

use config::BusinessDay;

/// `12,345`.
pub(super) fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 order`, `2 orders`.
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", number(n), if n == 1 { "" } else { "s" })
}

/// A share as a whole per cent, never rounded to all or nothing: `99 %`.
pub(super) fn per_cent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let rounded = (part * 100 + whole / 2) / whole;
    let shown = if part == whole { 100 } else { rounded.min(99) };
    format!("{}{} %", if part > 0 && shown == 0 { "under " } else { "" }, if part > 0 { shown.max(1) } else { 0 })
}

/// `20 Nov 2026`.
pub(super) fn day(day: BusinessDay) -> String {
    day.date().format("%-d %b %Y").to_string()
}

/// `20 Nov`.
pub(super) fn short(day: BusinessDay) -> String {
    day.date().format("%-d %b").to_string()
}

/// `14 to 20 November 2026`, as little repeated as can be.
pub(super) fn range(first: BusinessDay, last: BusinessDay) -> String {
    let (from, to) = (first.date(), last.date());
    let year = |date: chrono::NaiveDate| date.format("%Y").to_string();
    let month = |date: chrono::NaiveDate| date.format("%B %Y").to_string();
    let begin = match () {
        () if from == to => return to.format("%-d %B %Y").to_string(),
        () if month(from) == month(to) => from.format("%-d"),
        () if year(from) == year(to) => from.format("%-d %B"),
        () => from.format("%-d %B %Y"),
    };
    format!("{begin} to {}", to.format("%-d %B %Y"))
}

/// A reason of ours in words, `no_email` as `no email`; one of the vendor's as it is.
pub(super) fn reason(reason: &str) -> String {
    let ours = reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if ours { reason.replace('_', " ") } else { reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_read_well() {
        let numbers = [0, 999, 1000, 12345, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!((counted(1, "order"), counted(2000, "order")), ("1 order".to_owned(), "2,000 orders".to_owned()));
        let shares =
            [(0, 0), (0, 5), (1, 1000), (1, 2), (999, 1000), (5, 5)].map(|(part, whole)| per_cent(part, whole));
        assert_eq!(shares, ["–", "0 %", "under 1 %", "50 %", "99 %", "100 %"]);
    }

    #[test]
    fn a_range_repeats_as_little_as_can_be() {
        let ranges = [("2026-11-20", "2026-11-20"), ("2026-11-14", "2026-11-20"), ("2026-10-31", "2026-11-20")];
        let ranges = ranges.map(|(from, to)| range(at(from), at(to)));
        assert_eq!(ranges, ["20 November 2026", "14 to 20 November 2026", "31 October to 20 November 2026"]);
        assert_eq!(range(at("2025-12-31"), at("2026-11-20")), "31 December 2025 to 20 November 2026");
        assert_eq!((day(at("2026-11-02")), short(at("2026-11-02"))), ("2 Nov 2026".to_owned(), "2 Nov".to_owned()));
    }

    #[test]
    fn only_our_own_reasons_are_put_into_words() {
        assert_eq!(reason("no_valid_products"), "no valid products");
        assert_eq!(reason("Yotpo refused it: field order_id"), "Yotpo refused it: field order_id");
    }
}
