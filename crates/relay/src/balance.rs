//! What a person's decision about a refund means for the balance of its order.

use crate::{failure::Failure, operator::Operator};
use delivery::letter::Letter;
use ledger::{BalanceEvent, DeliveryKey};
use loyalty::keys;

/// Why a refund is parked that asks for more than is left of its order.
pub(crate) const EXCEEDS: &str = "exceeds_order";
/// Why those are parked of which a call was made, or may have been: Yotpo may have taken their part, and they keep it.
const MAY_BE_SENT: [&str; 2] = ["refund_changed", "uncertain"];

/// A refund that is released takes what is left. Noted before it is sent: whoever stops in between releases it again.
pub(crate) async fn let_through(operator: &Operator, key: &DeliveryKey) -> Result<(), Failure> {
    let Some((order, refund)) = keys::refund_of(key) else { return Ok(()) };
    put(operator, &order, BalanceEvent::Release { refund }).await
}

/// A refund that is dismissed leaves its part to others. After it was dismissed: until then it may be sent.
pub(crate) async fn give_back(operator: &Operator, letter: &Letter) -> Result<(), Failure> {
    let Some(key) = letter.delivery().map(|delivery| &delivery.key) else { return Ok(()) };
    let keeps = |why: &String| MAY_BE_SENT.contains(&why.as_str());
    if letter.taken.attributes.get("reason").is_some_and(keeps) {
        return Ok(());
    }
    let Some((order, refund)) = keys::refund_of(key) else { return Ok(()) };
    put(operator, &order, BalanceEvent::GiveBack { refund }).await
}

async fn put(operator: &Operator, order: &str, event: BalanceEvent) -> Result<(), Failure> {
    let put = operator.ledger.put_to_balance(order, &event).await;
    put.map(drop).map_err(|error| Failure::undone("write to the ledger", &error))
}
