//! The record types that are simulated.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Customer,
    SalesOrder,
    CreditMemo,
    ReturnAuthorization,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Customer, Self::SalesOrder, Self::CreditMemo, Self::ReturnAuthorization];

    /// By the name that paths have for it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::SalesOrder => "salesOrder",
            Self::CreditMemo => "creditMemo",
            Self::ReturnAuthorization => "returnAuthorization",
        }
    }

    /// SuiteQL's `transaction.type`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Customer => "CustJob",
            Self::SalesOrder => "SalesOrd",
            Self::CreditMemo => "CustCred",
            Self::ReturnAuthorization => "RtnAuth",
        }
    }

    pub(crate) const fn is_transaction(self) -> bool {
        !matches!(self, Self::Customer)
    }
}
