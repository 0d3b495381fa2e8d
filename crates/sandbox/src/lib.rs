//! Stateful simulators of the vendors over HTTP, which can be told to fail
