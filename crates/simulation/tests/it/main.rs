//! The reviews flow in a simulated world.

mod kills;
mod outages;
mod seeds;
