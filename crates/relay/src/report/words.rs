//! Numbers and reasons as people read them.

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

/// A share in whole per cents; 100 % is all of them.
pub(super) fn per_cent(part: usize, whole: usize) -> String {
    match (part * 100 + whole / 2).checked_div(whole) {
        Some(rounded) if part < whole => format!("{} %", rounded.min(99)),
        Some(_) => "100 %".to_owned(),
        None => "–".to_owned(),
    }
}

/// A reason of ours in words, `no_email` as `no email`; one of the vendor's as it is.
pub(super) fn reason(reason: &str) -> String {
    let ours = reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if ours { reason.replace('_', " ") } else { reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let numbers = [0, 999, 1000, 12345, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!((counted(1, "order"), counted(2000, "order")), ("1 order".to_owned(), "2,000 orders".to_owned()));
        let shares =
            [(0, 0), (0, 5), (1, 1000), (1, 2), (999, 1000), (5, 5)].map(|(part, whole)| per_cent(part, whole));
        assert_eq!(shares, ["–", "0 %", "0 %", "50 %", "99 %", "100 %"]);
    }

    #[test]
    fn only_our_own_reasons_are_put_into_words() {
        assert_eq!(reason("no_valid_products"), "no valid products");
        assert_eq!(reason("Yotpo refused it: field order_id"), "Yotpo refused it: field order_id");
    }
}
