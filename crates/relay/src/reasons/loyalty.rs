//! The loyalty flow's reasons.

use ledger::{ErrorClass, decide::DISMISSED};

pub(super) fn own(reason: &str) -> Option<&'static str> {
    skipped(reason).or_else(|| of_money(reason)).or_else(|| of_people(reason)).or_else(|| others(reason))
}

fn skipped(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "before_start" => {
            "nobody's: it, or the order that it takes back, was completed before `loyalty.start`; `relay run --flow loyalty \
             --history` sends a day all the same, and its orders earn points"
        }
        "no_email" => "Salesforce: there is no e-mail address; fill it, the change sends it by itself",
        "invalid_email" => {
            "Salesforce: the address is none that Yotpo takes; correct it, the change sends it by itself"
        }
        "zero_amount" => "nobody's: nothing was paid, or is given back, of what counts by `loyalty.amount`",
        "no_customer" => {
            "Salesforce's or nobody's: a lifecycle event names no customer, or Yotpo does not know the customer yet; the next \
             change sends it by itself"
        }
        "order_skipped" => {
            "nobody's: its order was not sent, so that nothing is to be taken back; it goes by itself with the order"
        }
        "cancelled" => {
            "nobody's: the order was cancelled before it was sent, so that it earns nothing and gives nothing back; there is no \
             way back"
        }
        "covered" => "nobody's: its order was cancelled, and has given back all it could; there is no way back",
        "no_contact" => {
            "nobody's: no record of the org has this customer's id, or it was deleted; none is made, and once there is one the \
             next event writes it by itself"
        }
        _ => return None,
    })
}

/// What a person has to decide about money.
fn of_money(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "amount_changed" => {
            "the order's: it has another amount or currency than was sent, and no call takes an order back; the error has both \
             figures. Adjust the points at Yotpo by hand, then `relay dlq drop --dismiss`"
        }
        "reactivated" => {
            "the order's: it was cancelled, its points taken back, and it is completed again; give them at Yotpo by hand, then \
             `relay dlq drop --dismiss`"
        }
        "store_changed" => {
            "the order's: it belongs to another store than it was sent to, which would award it twice; correct it in Salesforce, \
             or move the points by hand, then `relay dlq drop --dismiss`"
        }
        "refund_changed" => {
            "the return's: it has another amount than was taken back; adjust the difference at Yotpo by hand, then `relay dlq \
             drop --dismiss`"
        }
        "exceeds_order" => {
            "the return's or the settings': it gives back more than is left of its order, mostly since tax or shipping is in one \
             and not in the other (`loyalty.amount`); `relay parked release` takes what is left"
        }
        "other_currency" => {
            "the return's: it is in another currency than its order; correct it, or `relay dlq drop --dismiss`"
        }
        "too_many_refunds" => {
            "the order's: it has more returns than its balance keeps; take this one back at Yotpo by hand, then `relay dlq drop \
             --dismiss`"
        }
        "no_currency" => {
            "the settings: neither the order nor its store says a currency; set it, deploy, then `relay parked release`"
        }
        "bad_amount" => "Salesforce: the amount is none that could be one; correct it, the change sends it by itself",
        "no_order" => "Salesforce: the return names no order; fill it, the change sends it by itself",
        _ => return None,
    })
}

/// What a person has to decide about people.
fn of_people(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "identity_conflict" => {
            "Salesforce or Yotpo: the address or the id belongs to another customer at Yotpo, or two records of the org share an \
             address; nobody's account is taken over. Put right which is whose, then `relay parked release`"
        }
        "merged" => {
            "nobody's: the record was merged into another, and points cannot be moved by us; move them at Yotpo by hand, then \
             `relay dlq drop --dismiss`"
        }
        "deleted" => {
            "nobody's: the record was deleted, and nothing more is sent; press *Anonymize* at Yotpo, which has no API for it. There \
             is no way back"
        }
        "several_contacts" => {
            "Salesforce: several records have this customer's id; leave it to one of them, then `relay parked release`"
        }
        _ => return None,
    })
}

fn others(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "unknown_store" => {
            "the settings: no store's `routes` fit; add its store, locale and currency to one of `loyalty.stores`, deploy: the \
             next run sends it by itself, `relay parked release` at once"
        }
        "no_completion_date" => "Salesforce: the date is empty; fill it, the change sends it by itself",
        "future_completion_date" => {
            "Salesforce: the date is still to come; it is sent by itself when that day has come, or correct the date"
        }
        "unknown_action" => {
            "the settings: `loyalty.actions` has no such word any more; put it back and deploy, then `relay parked release`"
        }
        "unproven_reward" => {
            "nobody's, or a forged event: Yotpo's history does not show the code; look there, then `relay parked release` or \
             `relay dlq drop --dismiss`"
        }
        "no_access" => {
            "Salesforce: the integration's user may not write this; assign the permission set of infra/salesforce, then `relay \
             parked release`"
        }
        "duplicate_row" => {
            "Salesforce: a duplicate rule or a unique field refuses the row; clear the duplicate, then `relay parked release`"
        }
        "refused_row" => {
            "Salesforce: a validation rule or a trigger refuses the row, the error says which; mend it, then `relay parked release`"
        }
        "waits_for" => {
            "another delivery's: it needs one that waits for a person or has not come for two days; release that one, then this \
             one, by `relay parked release`"
        }
        "missing" => "Yotpo: it said yes and shows nothing; look there, then `relay parked release` sends it again",
        refused if refused.starts_with("Yotpo refused it") => {
            "the record: Yotpo names what it does not take; correct it in Salesforce, the change sends it; if Yotpo was wrong, \
             `relay dlq redrive`"
        }
        reason if reason.starts_with(DISMISSED) => {
            "a person decided not to send it, by `relay dlq drop` or `relay forget`; a change in Salesforce sends a customer or an \
             order after all"
        }
        class => return by_class(class.split(':').next().unwrap_or(class)),
    })
}

fn by_class(class: &str) -> Option<&'static str> {
    let class = ErrorClass::ALL.into_iter().find(|known| known.as_str() == class)?;
    Some(match class {
        ErrorClass::BadRecord => {
            "ours or the record's: the error says what; correct it in Salesforce, or `relay dlq redrive` when order-relay was mended"
        }
        ErrorClass::Unauthorized => {
            "ours: a vendor refuses the login; fill the secret anew, `relay check` tries it, then `relay dlq redrive`"
        }
        ErrorClass::RateLimited => {
            "ours and the vendor's: more calls than it takes; lower `pace.yotpo_loyalty`, then `relay dlq redrive`"
        }
        ErrorClass::Conflict => {
            "the source's: two effects at one version of the record; any change in Salesforce decides, or `relay parked release`"
        }
        ErrorClass::Unavailable => "a vendor or the way to it was down; when it is up, `relay dlq redrive`",
        ErrorClass::Uncertain => {
            "nobody's yet: a call was made and not answered, and `loyalty.repeat` says that it is not made again; look at the \
             customer's history at Yotpo, then `relay parked release` or `relay dlq drop --dismiss`"
        }
        ErrorClass::Misconfigured => {
            "ours: the settings or a secret; `relay check` names what to mend, then `relay dlq redrive`"
        }
        ErrorClass::Exhausted => "every attempt failed: mend the cause, then `relay parked release`",
        ErrorClass::Internal => "AWS or ours: DynamoDB or SQS could not be used; when they can, `relay dlq redrive`",
    })
}
