//! What a flow says of a message beside its call.

/// What a flow says of a message beside making its call; both may be asked of any copy, at any time.
pub struct Hooks<S, R> {
    /// `Fn(&Message<P>) -> Option<String>`: by the message alone, nothing is to be sent, for this reason. It is recorded without a
    /// claim; what was tried before, or accepted at any version, is claimed all the same, and the call decides.
    pub skip: S,
    /// `AsyncFn(&Message<P>, Instant) -> Result<bool, Undelivered>`: whether the destination shows the effect of this very version,
    /// asked before the instant. Called while a call that nobody answered may still land, when nobody may repeat it; nothing but
    /// reading is allowed.
    pub read_back: R,
}
