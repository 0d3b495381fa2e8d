//! Dead letters taken into the hand, and what is to be done with each.

use super::selection::{Judging, Selection};
use crate::{
    failure::Failure,
    hand::{DEAD_LETTERS, Hand},
    place::Place,
};
use reviews::{letter::Letter, operate::Operator, redrive::Planned};

/// Takes what is there and picks what was asked for, the oldest first. What was taken stays in the hand, picked or not.
pub(super) async fn take<'a>(
    place: &Place,
    operator: &'a Operator,
    selection: &Selection,
    judging: Judging,
) -> Result<(Hand<'a>, Vec<Planned>), Failure> {
    let (hand, taken) = Hand::take(&operator.dead_letters, DEAD_LETTERS, judging.hide_for).await?;
    match operator.plan(taken.into_iter().map(Letter::of).collect(), &judging.rules(place)).await {
        Ok(planned) => Ok((hand, selection.pick(planned, (place.now)()))),
        Err(error) => {
            hand.give_back().await;
            Err(Failure::undone("read the ledger", &error))
        }
    }
}
