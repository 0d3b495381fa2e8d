//! Deleting messages of orders that are not to be sent: the ledger is told first of each that still counts, so that nothing waits
//! for a message that is gone.

use crate::{
    audit::{Action, noted},
    balance,
    failure::Failure,
    hand::{HELD, Hand},
    keep::Keep,
    operator::Operator,
    place::Place,
    progress,
};
use delivery::{
    letter::{Plan, Why},
    redrive::{Dismissal, Planned},
};
use queue::Taken;
use serde::Serialize;
use serde_json::json;

/// Messages that are deleted together.
const BATCH: usize = 10;

/// What became of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Discarded {
    pub(crate) deleted: usize,
    /// Deliveries that are being made, or may be: their messages stay.
    pub(crate) under_way: usize,
}

/// Deletes the messages of each hand, a few at a time, kept in a file before where there is one. What still counts is dismissed
/// first, for `reason`.
pub(crate) async fn discard(
    place: &Place,
    operator: &Operator,
    piles: Vec<(&mut Hand, Vec<&Planned>)>,
    reason: &str,
    mut keep: Option<&mut Keep>,
    action: Action,
) -> Result<Discarded, Failure> {
    let work = Box::pin(async {
        let all: usize = piles.iter().map(|(_, messages)| messages.len()).sum();
        let mut done = Discarded::default();
        let bar = progress::bar(all as u64, "deleting");
        for (hand, messages) in piles {
            for batch in messages.chunks(BATCH) {
                let mut going: Vec<&Taken> = Vec::new();
                for one in batch {
                    if may_go(operator, one, reason).await? {
                        going.push(&one.letter.taken);
                    } else {
                        done.under_way += 1;
                    }
                }
                if let Some(keep) = &mut keep {
                    keep.append(&going, (place.now)())?;
                }
                let ids: Vec<&str> = going.iter().map(|taken| taken.id.as_str()).collect();
                done.deleted += hand.delete(&ids).await?;
                place.context.so_far(format!("{} of {all} messages were deleted", done.deleted), HELD);
                bar.inc(batch.len() as u64);
            }
        }
        bar.finish_and_clear();
        Ok(done)
    });
    noted(place, &operator.ledger, action, work, |done| json!(done)).await
}

/// Whether nobody is delivering it, and the ledger says that it is not to be sent, or was.
async fn may_go(operator: &Operator, one: &Planned, reason: &str) -> Result<bool, Failure> {
    let Some(delivery) = one.letter.delivery() else { return Ok(true) };
    if one.plan.still_counts() {
        let dismissal = operator.redrive().dismiss(delivery, reason).await;
        if dismissal.map_err(|error| Failure::undone("write to the ledger", &error))? != Dismissal::Settled {
            return Ok(false);
        }
    } else if one.plan != Plan::Leave(Why::Dismissed) {
        return Ok(true);
    }
    // Also of what was dismissed before: whoever did so may have been stopped here.
    balance::give_back(operator, &one.letter).await?;
    Ok(true)
}
