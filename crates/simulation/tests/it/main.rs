//! The reviews flow in a simulated world.

mod days;
mod kills;
mod needless;
mod outages;
mod pauses;
mod seeds;
mod twins;
mod unmended;
mod waits;
