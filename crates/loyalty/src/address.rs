//! A customer's address as the org has it now.

use crate::{consume::Consumer, outcome::internal};
use delivery::Undelivered;
use ledger::DeliveryKey;
use salesforce::{Id, soql};

/// Trimmed and in lower case: two spellings of one address are one customer at Yotpo.
pub fn normal(address: &str) -> String {
    org::trim(address).to_lowercase()
}

impl Consumer {
    /// Reads the address of a Contact or person account. `customer`: its delivery, which says more where there is none any more.
    pub(crate) async fn address_now(&self, contact: &Id, customer: &DeliveryKey) -> Result<String, Undelivered> {
        let (field, object) = (self.loyalty.customer.email.as_str(), self.loyalty.customer.object.as_str());
        let query = format!("SELECT Id, {field} FROM {object} WHERE Id = {}", soql::quote(contact.as_str()));
        let rows = self.salesforce.query_all(&query).await.map_err(|error| internal(&error))?;
        let address = rows.first().and_then(|row| row.text(field)).map(|text| normal(&text));
        address.filter(|address| !address.is_empty()).ok_or_else(|| Undelivered::WaitsShortly(customer.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_make_no_other_address() {
        assert_eq!(normal(" Jane@Example.COM\n"), "jane@example.com");
    }
}
