//! The erp flow's reasons.

use ledger::{ErrorClass, decide::DISMISSED};

pub(super) fn own(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "before_start" => {
            "nobody's: created before `erp.start`; an earlier start, deployed, then any change to the order"
        }
        "test_order" => "nobody's: Shopify marks it as a test; `erp.test_orders` has them sent",
        "cancelled" => "nobody's: cancelled before NetSuite had it; there is no way back",
        "nothing_left" => {
            "nobody's: everything was taken off the order before NetSuite had it; an update that adds a line sends it by itself"
        }
        "not_confirmed" => "nobody's: Shopify has not confirmed it yet; its next update sends it by itself",
        "not_paid" => "nobody's: its status is none of `erp.statuses`; its update sends it by itself when it is paid",
        "order_reduced" => {
            "nobody's: nothing of it had shipped, so that the order became less, and there is no memo to send"
        }
        "refunds_off" => "nobody's: `erp.refunds` is \"none\"; there is no way back",
        "refund_failed" => "nobody's: Shopify says that no money went back; there is no memo to send",
        "never_ordered" => {
            "nobody's: `erp.customers` is \"with_orders\"; the first order brings the customer by itself"
        }
        "unknown_item" => {
            "the catalogue's: NetSuite has no active item of this SKU, or several; create or correct it: the reconciler looks \
             every hour where it may read the shop; else, and for a refund, `relay parked release`"
        }
        "unmapped_charge" => {
            "the settings: name the charge's item in `erp.charges`, deploy, then `relay parked release`"
        }
        "unknown_company" => {
            "the settings: add the company location to `erp.companies`, deploy, then `relay parked release`"
        }
        "unknown_currency" => {
            "NetSuite or the settings: create the currency, or name it in `netsuite.currencies`, deploy, then `relay parked \
             release`"
        }
        "sums_differ" => {
            "Shopify's, or ours: its lines do not add up to its total; with `erp.on_difference` \"report\", deployed, `relay \
             parked release` sends it as it is"
        }
        "negative_memo" => {
            "Shopify's: a refund that would charge; enter it in NetSuite by hand, then `relay dlq drop --dismiss`"
        }
        "lines_locked" => {
            "nobody's: the lines were fulfilled, billed or edited in NetSuite; put them right there by hand, then `relay dlq drop \
             --dismiss`"
        }
        "already_fulfilled" => {
            "nobody's: cancelled after all of it was fulfilled; enter a return in NetSuite, then `relay dlq drop --dismiss`"
        }
        "address_locked" => {
            "NetSuite: it takes no other address for this order; change it there by hand, then `relay dlq drop --dismiss`"
        }
        "unreadable" => {
            "ours: Shopify or NetSuite said something of another shape than we read; report it, and `relay parked release` or \
             `relay dlq drop` when that is mended"
        }
        "too_large" => {
            "nobody's: it fits no message; the reconciler reads it where it may read the shop, else enter it in NetSuite by hand, \
             then `relay dlq drop --dismiss`"
        }
        "already_exists" => "NetSuite: another entity has this name; rename one of them, then `relay parked release`",
        "locked" => "NetSuite: a workflow has locked the record; unlock it there, then `relay parked release`",
        "closed_period" => {
            "NetSuite: its accounting period is closed; open it, then `relay parked release`, or dismiss it"
        }
        "permission" => {
            "NetSuite: our role may not do this; infra/netsuite lists what it needs; then `relay parked release`"
        }
        "set_up" => {
            "NetSuite: a feature or a field is not there; infra/netsuite sets it up; then `relay parked release`"
        }
        "missing" => {
            "NetSuite: it said yes and shows nothing; `relay certificate --refresh` looks again and sends it anew"
        }
        "waits_for" => {
            "another delivery's: it needs one that waits for a person or has not come for two days; release that one, then this one, \
             by `relay parked release`"
        }
        refused if refused.starts_with("NetSuite refused it") => {
            "NetSuite: the error names the field; correct it in Shopify, whose change sends it, or `relay dlq redrive`"
        }
        reason if reason.starts_with(DISMISSED) => {
            "a person decided not to send it, by `relay dlq drop` or `relay forget`; a change in Shopify sends it after all"
        }
        class => return by_class(class.split(':').next().unwrap_or(class)),
    })
}

fn by_class(class: &str) -> Option<&'static str> {
    let class = ErrorClass::ALL.into_iter().find(|known| known.as_str() == class)?;
    Some(match class {
        ErrorClass::BadRecord => {
            "ours or the order's: the error says what; correct the order in Shopify, or `relay dlq redrive` when order-relay was \
             mended"
        }
        ErrorClass::Unauthorized => {
            "ours: NetSuite refuses the login; fill the secret anew, `relay check` tries it, then `relay dlq redrive`"
        }
        ErrorClass::RateLimited => {
            "NetSuite: more calls at a time than it bears; lower `netsuite.slots`, then `relay dlq redrive`"
        }
        ErrorClass::Conflict => {
            "nobody's: two effects at one version of the order; any change in Shopify decides, or `relay parked release` sends the \
             later one"
        }
        ErrorClass::Unavailable => "NetSuite or the way to it was down; when it is up, `relay dlq redrive`",
        ErrorClass::Uncertain => {
            "nobody's yet: a call was made and not answered; it is looked for by itself, `relay certificate --refresh` at once"
        }
        ErrorClass::Misconfigured => {
            "ours: the settings or a secret; `relay check` names what to mend, then `relay dlq redrive`"
        }
        ErrorClass::Exhausted => {
            "every attempt failed: mend the cause; the reconciler sends it again, `relay parked release` at once"
        }
        ErrorClass::Internal => "AWS or ours: DynamoDB or SQS could not be used; when they can, `relay dlq redrive`",
    })
}
