//! What a flow says of a message beside its call.

use queue::TraceHeader;
use tokio::time::Instant;

/// What a flow says of a message beside making its call; each may be asked of any copy, at any time.
pub struct Hooks<S, R, C> {
    /// `Fn(&Message<P>) -> Option<String>`: by the message alone, nothing is to be sent, for this reason. It is recorded without a
    /// claim; what was tried before, or accepted at any version, is claimed all the same, and the call decides.
    pub skip: S,
    /// `AsyncFn(&Message<P>, Reading) -> Result<bool, Undelivered>`: whether the destination shows the effect of this very version. If it
    /// does, the delivery is confirmed and its call is not made any more. Called while a call that nobody answered may still land, when nobody may repeat it; nothing but
    /// reading is allowed.
    pub read_back: R,
    /// `AsyncFn(&Message<P>, Reading) -> Result<Option<Entry>, Undelivered>`: the ledger knows another effect at this very revision, and
    /// nothing tells which is newer. The message that says what the source asks for now, of a revision that the ledger takes for newer;
    /// `None` where the source cannot be asked: a person decides then.
    pub reread: C,
}

/// What a reading of the destination goes by.
pub struct Reading {
    /// Until when it may begin.
    pub latest: Instant,
    /// The trace that the message belongs to, and whatever follows from it.
    pub trace: Option<TraceHeader>,
}
