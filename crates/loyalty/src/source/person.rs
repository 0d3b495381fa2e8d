//! Somebody of the org, before it is said in which store.

use crate::{
    message::{CustomerAsked, OrderCustomer},
    source::item::Skip,
};
use config::StoreName;
use ledger::Revision;

/// A customer as the org has it, for whichever store.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) revision: Revision,
    /// The store that their own record names.
    pub(crate) store: Option<StoreName>,
    pub(crate) asked: Result<CustomerAsked, Skip>,
    /// Others with the same address, by the store that their own record names and their id at Yotpo.
    pub(crate) twins: Vec<(Option<StoreName>, String)>,
}

impl Person {
    /// Somebody who shares their address with nobody, of no store of their own.
    pub(crate) fn alone(revision: Revision, asked: Result<CustomerAsked, Skip>) -> Self {
        Self { revision, store: None, asked, twins: Vec::new() }
    }

    /// What is asked for of them in a store.
    pub(crate) fn asked_in(&self, store: &StoreName) -> Result<CustomerAsked, Skip> {
        let mut asked = self.asked.clone()?;
        let here = self.twins.iter().filter(|(of, _)| of.as_ref().is_none_or(|of| of == store));
        asked.twins = here.map(|(_, id)| id.clone()).collect();
        Ok(asked)
    }

    /// The same, as an order has it.
    pub(crate) fn of_order(&self, store: &StoreName) -> Result<OrderCustomer, Skip> {
        Ok(OrderCustomer { revision: self.revision, asked: self.asked_in(store)? })
    }
}
