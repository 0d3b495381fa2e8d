//! Dead letters in the hand of a command, and what is to be done with each.

use super::selection::Selection;
use crate::{
    deployed::Purpose,
    failure::Failure,
    hand::{DEAD_LETTERS, Hand},
    judging::Judging,
    options::Options,
    place::Place,
};
use delivery::{letter::Letter, redrive::Planned};
use reviews::operate::Operator;

/// What a command acts on.
pub(super) struct Letters<'a> {
    pub(super) place: &'a Place,
    pub(super) operator: &'a Operator,
    /// What was taken, picked or not.
    pub(super) hand: &'a mut Hand,
    /// What was picked, the oldest first.
    pub(super) planned: Vec<Planned>,
}

/// Takes what is there, picks what was asked for, and lets a command act on it. What it leaves is given back.
pub(super) async fn letters<T>(
    options: &Options,
    purpose: Purpose,
    selection: &Selection,
    judging: Judging,
    act: impl AsyncFnOnce(Letters<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let place = Place::find(options, purpose).await?;
    let operator = place.operator()?;
    Hand::with(&operator.dead_letters, DEAD_LETTERS, judging.hide_for, async |hand, taken| {
        let planned = operator
            .redrive()
            .plan(
                taken.into_iter().map(|one| Letter::of(one, operator.ledger.flow().name)).collect(),
                &judging.rules(&place),
            )
            .await;
        let planned = planned.map_err(|error| Failure::undone("read the ledger", &error))?;
        let planned = selection.pick(planned, (place.now)());
        act(Letters { place: &place, operator: &operator, hand, planned }).await
    })
    .await
}
