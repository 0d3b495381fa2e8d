//! Secrets Manager: a typed secret, or a sentence that says how to mend it
