//! A lifecycle event at Yotpo: an action, once, found again by its title in the customer's history.

use crate::{
    consume::{Consumer, made, store_of},
    keys,
    message::ActionAsked,
    outcome::parked,
};
use delivery::{Claim, Undelivered};
use ledger::{DeliveryKey, EffectHash, ErrorClass};
use yotpo::loyalty::{ActionRecord, CustomerQuery};

/// So many digits of the key's hash tell one record's title from another's of the same customer.
const MARK: usize = 8;

impl Consumer {
    /// Has Yotpo know of a lifecycle event.
    pub(crate) async fn action(&self, asked: &ActionAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let Some(action) = self.loyalty.actions.get(&asked.word) else {
            let error = format!("the configuration has no table loyalty.actions.{}", asked.word);
            return Err(parked(ErrorClass::Misconfigured, "unknown_action", error));
        };
        // Yotpo knows nobody by an id that it was not told.
        let customer = made(keys::customer(&store_of(claim)?, &asked.contact))?;
        if self.known(&customer).await?.is_none_or(|known| known.accepted_at.is_none()) {
            return Err(Undelivered::Waits(customer));
        }
        let title = title(&action.title, &claim.delivery.key);
        if claim.read_back_first && self.shows(asked, &title, claim).await? {
            return Ok(());
        }
        let record = ActionRecord::new(asked.email.clone(), action.name.clone(), asked.at, title);
        self.call(claim, async |client| client.record_action(&record).await).await
    }

    /// Whether the customer's history has it.
    async fn shows(&self, asked: &ActionAsked, title: &str, claim: &Claim<'_>) -> Result<bool, Undelivered> {
        let query = CustomerQuery::Id(&asked.customer_id);
        let found = self.call(claim, async |client| client.customer(query, true).await).await?;
        let items = found.into_iter().flat_map(|found| found.history_items);
        Ok(items.into_iter().any(|item| item.action.as_deref() == Some(title)))
    }
}

/// What the history shows, with a mark of the record behind it.
fn title(title: &str, key: &DeliveryKey) -> String {
    let hash = EffectHash::of(key.as_str().as_bytes());
    format!("{title} #{}", &hash.as_str()[..MARK])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_has_a_title_of_its_own() {
        let of = |id: &str| title("Survey", &DeliveryKey::try_from(format!("loyalty/default/action/{id}")).unwrap());
        assert_eq!(of("500/survey"), of("500/survey"));
        assert_ne!(of("500/survey"), of("501/survey"));
        assert_eq!(of("500/survey").len(), "Survey #".len() + MARK);
    }
}
