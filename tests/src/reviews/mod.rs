//! The reviews flow, end to end.

mod bad_input;
mod check;
mod day;
mod edges;
mod faults;
mod kills;
mod night;
mod reconcile;
mod scale;
mod trace;
