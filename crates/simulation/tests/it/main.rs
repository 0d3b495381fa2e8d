//! The reviews flow in a simulated world.

mod kills;
mod needless;
mod outages;
mod seeds;
mod unmended;
mod waits;
