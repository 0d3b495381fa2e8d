//! A customer at Yotpo: whose an address is, is found out before it is sent for the first time, and whenever it changes.

use crate::{
    consume::{Consumer, made},
    message::{CustomerAsked, Gone, Membership},
    outcome::parked,
};
use delivery::{Claim, Undelivered};
use ledger::ErrorClass;
use yotpo::loyalty::{CustomerQuery, CustomerRecord};

/// What Yotpo is to be told first about an address.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// Nobody has it, or the customer itself.
    Free,
    /// It is known there without an id of the shop's.
    ToLink,
    /// The record that had it was merged into this one.
    TakenOver,
    /// Somebody else has it, or might.
    Others(&'static str),
}

impl Consumer {
    /// Brings a customer to what the org has.
    pub(crate) async fn customer(&self, asked: &CustomerAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        match &asked.gone {
            Some(Gone::Deleted) => return Err(Undelivered::Rejected("deleted".to_owned())),
            Some(Gone::Merged(into)) => {
                let error = format!("{} was merged into {into}: its points stay where they are", asked.contact);
                return Err(parked(ErrorClass::BadRecord, "merged", error));
            }
            None => {}
        }
        if claim.is_unchanged() {
            return Ok(());
        }
        let known = match &claim.applied {
            Some(applied) => made(asked.has_identity_of(applied))?,
            None => false,
        };
        if !known {
            self.identify(asked, claim).await?;
        }
        // Who left the programme at Yotpo is not enrolled again by a change of name.
        let said = claim.applied.as_ref().and_then(Membership::of);
        let opt_in = asked.opt_in.filter(|_| said != Some(asked.membership()));
        let record = CustomerRecord { opt_in, ..record(asked) };
        self.call(claim, async |client| client.record_customer(&record).await).await
    }

    /// Finds out whose the address is.
    async fn identify(&self, asked: &CustomerAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let found =
            self.call(claim, async |client| client.customer(CustomerQuery::Email(&asked.email), false).await).await?;
        let holder = found.as_ref().map(|found| found.external_id());
        let known_by_id = match holder {
            // Of several who share an address it is the one whom Yotpo knows already.
            Some(None) | None if !asked.twins.is_empty() => {
                let id = CustomerQuery::Id(&asked.customer_id);
                self.call(claim, async |client| client.customer(id, false).await).await?.is_some()
            }
            _ => false,
        };
        match owner(asked, holder, known_by_id) {
            Owner::Free => {}
            Owner::ToLink => tracing::info!("linked by its address"),
            Owner::TakenOver => tracing::info!("takes over the address of a record that was merged into it"),
            Owner::Others(error) => return Err(parked(ErrorClass::Conflict, "identity_conflict", error)),
        }
        Ok(())
    }
}

/// Whose an address is. `holder`: the customer there that has it, with its id of the shop's; `known_by_id`: whether ours is there.
#[expect(clippy::option_option, reason = "there may be no holder, and a holder may have no id")]
fn owner(asked: &CustomerAsked, holder: Option<Option<&str>>, known_by_id: bool) -> Owner {
    let alone = asked.twins.is_empty() || known_by_id;
    match holder {
        Some(Some(id)) if id == asked.customer_id => Owner::Free,
        Some(Some(id)) if asked.absorbed.iter().any(|absorbed| absorbed == id) => Owner::TakenOver,
        Some(Some(_)) => Owner::Others("another customer of the shop has the address at Yotpo"),
        Some(None) if alone => Owner::ToLink,
        None if alone => Owner::Free,
        Some(None) | None => {
            Owner::Others("several records of the org share the address, and Yotpo knows none of them")
        }
    }
}

fn record(asked: &CustomerAsked) -> CustomerRecord {
    CustomerRecord {
        id: asked.customer_id.clone(),
        email: asked.email.clone(),
        first_name: asked.first_name.clone(),
        last_name: asked.last_name.clone(),
        phone_number: asked.phone.clone(),
        country_iso_code: asked.country.clone(),
        has_account: asked.has_account,
        tags: asked.tags.clone(),
        opt_in: None,
        opted_in_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salesforce::Id;

    #[test]
    fn nobodys_account_is_taken_over() {
        let jane = CustomerAsked {
            contact: Id::parse("003RO000000AbcD").unwrap(),
            customer_id: "C1".to_owned(),
            email: "jane@example.com".to_owned(),
            first_name: None,
            last_name: None,
            phone: None,
            country: None,
            has_account: None,
            opt_in: None,
            tags: None,
            twins: vec![],
            absorbed: vec!["C3".to_owned()],
            gone: None,
        };
        let twin = CustomerAsked { twins: vec!["C2".to_owned()], ..jane.clone() };
        let conflict = |owner| matches!(owner, Owner::Others(_));
        assert_eq!(owner(&jane, None, false), Owner::Free);
        assert_eq!(owner(&jane, Some(Some("C1")), false), Owner::Free);
        assert_eq!(owner(&jane, Some(None), false), Owner::ToLink);
        assert_eq!(owner(&jane, Some(Some("C3")), false), Owner::TakenOver);
        assert!(conflict(owner(&jane, Some(Some("C2")), false)));
        assert!(conflict(owner(&twin, None, false)) && conflict(owner(&twin, Some(None), false)));
        assert_eq!(owner(&twin, None, true), Owner::Free);
        assert_eq!(owner(&twin, Some(Some("C1")), false), Owner::Free);
        assert!(conflict(owner(&twin, Some(Some("C2")), true)));
    }
}
