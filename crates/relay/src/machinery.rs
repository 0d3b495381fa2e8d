//! What makes the functions work without anybody: the queue's mapping, the schedules, the versions that are live, and whoever is
//! told by the alarms. With any of it off, everything else looks well.

mod alarms;
mod ask;
mod described;
mod judge;

pub(crate) use ask::look;
