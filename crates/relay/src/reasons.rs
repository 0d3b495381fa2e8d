//! What each reason means for a person: whose it is to mend, and the way back. Every reason that the functions write has a
//! sentence of its own.

mod erp;
mod loyalty;

use crate::flow::Flow;
use ledger::{ErrorClass, decide::DISMISSED};

/// The sentence of a flow's reason as ledger, certificate or dead letter have it; for one of another version, where to look.
pub(crate) fn what_to_do(flow: Flow, reason: &str) -> &'static str {
    known(flow, reason).unwrap_or(match flow {
        Flow::Reviews => {
            "not a reason of this version: `relay order` shows what every place says; correct the order in Salesforce, or \
             `relay dlq redrive`"
        }
        Flow::Erp => {
            "not a reason of this version: correct the order in Shopify, or `relay dlq redrive`; docs/RUNBOOK.md says how to see \
             what was logged"
        }
        Flow::Loyalty => {
            "not a reason of this version: correct the record in Salesforce, or `relay dlq redrive`; docs/RUNBOOK.md says how to \
             see what was logged"
        }
    })
}

/// The same of a dead letter, which has an error class too, and perhaps the ledger's reason.
pub(crate) fn of_letter(flow: Flow, class: &str, error: &str, reason: Option<&str>) -> &'static str {
    let of = |reason| known(flow, reason);
    of(error).or_else(|| of(reason?)).or_else(|| of(class)).unwrap_or_else(|| what_to_do(flow, error))
}

fn known(flow: Flow, reason: &str) -> Option<&'static str> {
    match flow {
        Flow::Reviews => own(reason),
        Flow::Erp => erp::own(reason),
        Flow::Loyalty => loyalty::own(reason),
    }
}

fn own(reason: &str) -> Option<&'static str> {
    Some(match reason {
        // In the settings or in Salesforce.
        "unknown_store" => {
            "the settings: no store claims its routing value; add it to a store's `routes`, deploy, then `relay parked release`"
        }
        "no_completion_date" => {
            "Salesforce: the date is empty; fill it, the change sends the order in the next night; `relay parked release` at once"
        }
        "future_completion_date" => {
            "Salesforce: the date is still to come; it is sent by itself when that day is over, or correct the date"
        }
        "duplicate_order_id" => {
            "Salesforce: another order has the same order id, and Yotpo takes one alone; give this one its own or point `order_id` \
             at a unique field, then `relay parked release`"
        }
        "before_start" => {
            "nobody's: completed before the store's first day; `relay backfill` sends it, within six months of its date"
        }
        "no_email" => {
            "Salesforce: the buyer has no e-mail address; fill it, then `relay run` of its day, or `reviews.email` names no field \
             that has it"
        }
        "invalid_email" => "Salesforce: the address is none that mail reaches; correct it, then `relay run` of its day",
        "no_valid_products" => {
            "Salesforce or the settings: no line has a product id that Yotpo takes; `relay preview --order` shows them, then \
             `relay run` of its day"
        }
        "older_than_six_months" => "nobody's: Yotpo asks for no review of so old an order; there is no way back",
        "test_order" => "Salesforce: the order is marked as a test; take the mark away, then `relay run` of its day",
        // At Yotpo.
        "missing" => {
            "Yotpo: it said yes and shows nothing; it is sent again by itself, `relay certificate --refresh` at once; ask Yotpo if \
             it stays"
        }
        refused if refused.starts_with("Yotpo refused it") => {
            "the order: Yotpo names the field; correct it in Salesforce, the change sends it; if Yotpo was wrong, `relay dlq redrive`"
        }
        "waits_for" => {
            "another delivery's: it needs one that waits for a person or has not come for two days; release that one, then this one"
        }
        // A person's.
        reason if reason.starts_with(DISMISSED) => {
            "a person decided not to send it, by `relay dlq drop` or `relay forget`; a change in Salesforce sends it after all"
        }
        // Ours or AWS's, by the error class.
        class => return by_class(class.split(':').next().unwrap_or(class)),
    })
}

fn by_class(class: &str) -> Option<&'static str> {
    let class = ErrorClass::ALL.into_iter().find(|known| known.as_str() == class)?;
    Some(match class {
        ErrorClass::BadRecord => {
            "ours or the order's: what was made of it can be sent by nobody, SQS or Yotpo say why; correct the order in Salesforce, or \
             `relay dlq redrive` when order-relay was mended"
        }
        ErrorClass::Unauthorized => {
            "ours: Yotpo refuses the store's key; fill the secret anew, `relay check` tries it, then `relay dlq redrive`"
        }
        ErrorClass::RateLimited => {
            "Yotpo: more calls than it takes; lower `pace.yotpo_reviews`, then `relay dlq redrive`"
        }
        ErrorClass::Conflict => {
            "ours: two effects at one version of the order; `relay order` shows them, a change in Salesforce or `relay parked release` \
             decides"
        }
        ErrorClass::Unavailable => "Yotpo or the way to it was down; when it is up, `relay dlq redrive`",
        ErrorClass::Uncertain => {
            "nobody's yet: a call was made and not answered; `relay certificate --refresh` finds out what became of it"
        }
        ErrorClass::Misconfigured => {
            "ours: the settings or a secret; `relay check` names what to mend, then `relay dlq redrive`"
        }
        ErrorClass::Exhausted => {
            "every attempt failed: mend the cause, which `relay order` shows; the reconciler sends it again, `relay parked release` \
             at once"
        }
        ErrorClass::Internal => "AWS or ours: DynamoDB or SQS could not be used; when they can, `relay dlq redrive`",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reviews::item::{NO_COMPLETION_DATE, UNKNOWN_STORE};
    use std::{collections::BTreeSet, fs, path::Path};

    /// The reasons in the flow's sources: constants that say why an order waits or is left out, and the words of `Skip`.
    fn written(folder: &Path, reasons: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                written(&entry, reasons);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            let mut why = false;
            for line in text.lines().map(str::trim) {
                let named =
                    line.split('"').nth(1).filter(|text| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                match line {
                    line if line.starts_with("///") => {
                        why = why || line.starts_with("/// Why an order") || line.starts_with("/// Why a row");
                    }
                    line if line.contains("const ") && why => reasons.extend(named.map(str::to_owned)),
                    line if line.starts_with("Self::") && entry.ends_with("map.rs") => {
                        reasons.extend(named.map(str::to_owned));
                    }
                    _ => why = false,
                }
            }
        }
    }

    #[test]
    fn every_reason_has_a_sentence_of_its_own_and_a_way_back() {
        let mut reasons = BTreeSet::new();
        written(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../reviews/src"), &mut reasons);
        for known in [UNKNOWN_STORE, NO_COMPLETION_DATE, "no_email", "test_order"] {
            assert!(reasons.contains(known), "the test looks in the wrong place: {reasons:?}");
        }
        reasons.extend(ErrorClass::ALL.map(|class| class.as_str().to_owned()));
        let others =
            [ledger::decide::MISSING, "dismissed: forgotten", "Yotpo refused it: HTTP 400, code 400, field email"];
        reasons.extend(others.map(str::to_owned));
        each_has_a_sentence(Flow::Reviews, &reasons, &["relay ", "Salesforce", "there is no way back"]);
    }

    fn each_has_a_sentence(flow: Flow, reasons: &BTreeSet<String>, ways: &[&str]) {
        let mut sentences = BTreeSet::new();
        for reason in reasons {
            let sentence = known(flow, reason).unwrap_or_else(|| panic!("{reason} has no sentence"));
            assert!(sentences.insert(sentence), "{reason} has another one's sentence");
            assert!(ways.iter().any(|way| sentence.contains(way)), "{reason}: {sentence}");
        }
    }

    #[test]
    fn every_reason_of_the_erp_flow_has_its_own_too() {
        let skipped = ::erp::map::Skip::ALL.map(::erp::map::Skip::as_str);
        let parked = [
            "unknown_item",
            "unmapped_charge",
            "unknown_company",
            "unknown_currency",
            "sums_differ",
            "negative_memo",
            "lines_locked",
            "already_fulfilled",
            "address_locked",
            "unreadable",
            "too_large",
            "already_exists",
            "locked",
            "closed_period",
            "permission",
            "set_up",
            "waits_for",
            "missing",
            "dismissed: forgotten",
            "NetSuite refused it: HTTP 400, USER_ERROR at item",
        ];
        let classes = ErrorClass::ALL.map(ErrorClass::as_str);
        let reasons = skipped.into_iter().chain(parked).chain(classes).map(str::to_owned).collect();
        let ways = ["relay ", "Shopify", "by itself", "`erp.", "there is no"];
        each_has_a_sentence(Flow::Erp, &reasons, &ways);
    }

    /// The words behind these in the flow's sources.
    fn words_behind(folder: &Path, marks: &[&str], into: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                words_behind(&entry, marks, into);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            for rest in marks.iter().flat_map(|mark| text.split(mark).skip(1)) {
                // A class may stand before it.
                let word = rest.split([')', ';']).next().unwrap_or_default().split('"').nth(1).unwrap_or_default();
                let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                into.extend(is_word.then(|| word.to_owned()));
            }
        }
    }

    #[test]
    fn every_reason_of_the_loyalty_flow_has_its_own_too() {
        use ::loyalty::source::item::{Hold, Skip};
        let mut reasons: BTreeSet<String> = Skip::ALL.map(|skip| skip.as_str().to_owned()).into();
        reasons.extend(Hold::ALL.map(|hold| hold.as_str().to_owned()));
        let marks = ["Skipped(", "parked(", "conflict(", "Rejected(", "const NO_CONTACT"];
        words_behind(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../loyalty/src"), &marks, &mut reasons);
        reasons.extend(ErrorClass::ALL.map(|class| class.as_str().to_owned()));
        let others = ["missing", "waits_for", "dismissed: forgotten", "Yotpo refused it: HTTP 422, field email"];
        reasons.extend(others.map(str::to_owned));
        let ways = ["relay ", "Salesforce", "by itself", "`loyalty.", "There is no", "there is no"];
        each_has_a_sentence(Flow::Loyalty, &reasons, &ways);
    }

    const FLOW: Flow = Flow::Reviews;

    /// An erp letter's error is for its own record: an SKU, a field.
    #[test]
    fn the_ledgers_reason_says_what_an_error_does_not() {
        let of = |reason| of_letter(Flow::Erp, "bad_record", "SHIRT-M", reason);
        assert!(of(Some("unknown_item")).starts_with("the catalogue's"));
        assert!(of(None).starts_with("ours or the order's"));
    }

    #[test]
    fn a_fault_of_ours_is_not_blamed_on_yotpo() {
        assert!(what_to_do(FLOW, "bad_record: InvalidMessageContents").starts_with("ours"));
        assert!(of_letter(FLOW, "misconfigured", "unknown_store", None).contains("`routes`"));
        assert!(of_letter(FLOW, "internal", "the queue did not answer", None).starts_with("AWS"));
        assert!(
            of_letter(FLOW, "bad_record", "Yotpo refused it: HTTP 400, code 400, field x", None)
                .contains("Yotpo names the field")
        );
        assert!(what_to_do(FLOW, "of_tomorrow").contains("not a reason of this version"));
    }
}
