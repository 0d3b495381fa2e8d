//! Status for people: what wants attention first, then everything else.

use super::{
    Status,
    attention::Attention,
    backlog::{Backlog, OpenState, Queues, Quotas, Waiting},
    notes::ByHand,
    runs::Run,
};
use crate::{
    answer::Answer,
    flow::{Flow, Of},
    part::Part,
    pause::Lasting,
    text::{BAD, DIM, WARN, instant, share, tick},
};
use delivery::report::BEFORE_START;
use reviews::standing::{Day, DayState, Standing};
use std::io::{self, Write};

impl Answer for Status {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        for one in &self.paused {
            let Lasting { flow, store, since, by, why } = one;
            let store = store.as_ref().map_or_else(String::new, |store| format!(", store {store}"));
            let (flow, since, next) = (flow.as_str(), instant(*since), one.resume());
            writeln!(to, "{} {flow}{store}: paused since {since} by {by}: {why} → {next}", tick(false))?;
            writeln!(to, "    nothing is called or sent; what is on the queue is kept as long as this lasts")?;
        }
        for Attention { what, next } in &self.attention {
            writeln!(to, "{} {what} → {next}", tick(false))?;
        }
        if self.ok {
            writeln!(to, "{} nothing wants attention", tick(true))?;
        }
        writeln!(to, "\nlast runs")?;
        self.runs.iter().try_for_each(|run| print_run(run, to))?;
        let mut flows: Vec<Flow> = self.backlog.queues.iter().map(|queues| queues.flow).collect();
        flows.dedup();
        writeln!(to, "\nbusiness days")?;
        self.stores.iter().try_for_each(|store| print_store(store, &flows, to))?;
        writeln!(to, "\nbacklog")?;
        print_backlog(&self.backlog, &flows, to)?;
        if let Some(quotas) = &self.quotas {
            writeln!(to, "\nquotas")?;
            print_quotas(quotas, to)?;
        }
        writeln!(to, "\nmachinery")?;
        print_machinery(&self.machinery, to)?;
        if !self.by_hand.is_empty() {
            writeln!(to, "\nby hand, in the last week")?;
        }
        self.by_hand.iter().try_for_each(|ByHand { at, who, action, detail, .. }| {
            writeln!(to, "  {} {action}: {detail} {DIM}{who}{DIM:#}", instant(*at))
        })
    }

    fn is_well(&self) -> bool {
        self.ok
    }
}

fn print_run(run: &Run, to: &mut dyn Write) -> io::Result<()> {
    let Run { function, by, at, ended, error, .. } = run;
    let (on, off) = if run.has_failed() { (format!("{BAD}"), format!("{BAD:#}")) } else { Default::default() };
    let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    writeln!(to, "  {function} by {by}, {}: {on}{ended}{off}{why}", instant(*at))
}

fn print_store(Of { flow, of }: &Of<Standing>, flows: &[Flow], to: &mut dyn Write) -> io::Result<()> {
    let Standing { store, settled, behind_days, pass, days } = of;
    let store = flow.own(store.as_str(), flows);
    let settled = settled.map_or_else(|| "nothing settled yet".to_owned(), |day| format!("settled until {day}"));
    let behind = match behind_days {
        0 => String::new(),
        days => format!(", {days} behind"),
    };
    writeln!(to, "  {store}: {settled}{behind}")?;
    if let Some(pass) = pass {
        let until = pass.changed_until.map(|at| format!(", at orders changed {}", instant(at))).unwrap_or_default();
        writeln!(to, "    a pass goes on since {}{until}", instant(pass.begun_at))?;
    }
    days.iter().try_for_each(|day| print_day(day, to))
}

fn print_day(day: &Day, to: &mut dyn Write) -> io::Result<()> {
    let mark = match day.state {
        DayState::Complete => tick(!day.quiet),
        _ if day.late => tick(false),
        _ => format!("{WARN}·{WARN:#}"),
    };
    let open: Vec<_> = day.open.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let open = if open.is_empty() { String::new() } else { format!(": {}", open.join(", ")) };
    let orders = day.completed.map(|completed| format!(", {completed} orders")).unwrap_or_default();
    let quiet = if day.quiet { ", quiet" } else { "" };
    writeln!(to, "    {mark} {} {}{quiet}{orders}{open}", day.business_day, day.state.as_str())?;
    day.outside
        .iter()
        .try_for_each(|(reason, orders)| writeln!(to, "      {orders} more left out: {}", outside(reason)))
}

/// Why completed orders are left out, in words.
fn outside(reason: &str) -> &str {
    if reason == BEFORE_START { "completed before the start, and changed since" } else { reason }
}

fn print_backlog(backlog: &Backlog, flows: &[Flow], to: &mut dyn Write) -> io::Result<()> {
    let both = |queues: &'_ Queues| {
        [("queue", queues.flow, queues.queue), ("dead-letter queue", queues.flow, queues.dead_letters)]
    };
    for (name, flow, Waiting { visible, in_flight, delayed }) in backlog.queues.iter().flat_map(both) {
        let name = flow.own(name, flows);
        writeln!(to, "  {name}: {visible} visible, {in_flight} in flight, {delayed} delayed")?;
    }
    if backlog.deliveries.is_empty() {
        return writeln!(to, "  {DIM}no delivery that something went wrong with{DIM:#}");
    }
    backlog.deliveries.iter().try_for_each(|OpenState { flow, state, deliveries, oldest }| {
        let state = flow.own(state, flows);
        writeln!(to, "  {state}: {deliveries}, the oldest since {}", instant(*oldest))
    })
}

/// What is on is one line.
fn print_machinery(parts: &[Part], to: &mut dyn Write) -> io::Result<()> {
    let on = parts.iter().filter(|part| part.ok == Some(true)).count();
    writeln!(to, "  {} {on} of {} parts on", tick(on > 0), parts.len())?;
    for Part { name, ok, said, .. } in parts.iter().filter(|part| part.ok != Some(true)) {
        let mark = ok.map_or_else(|| format!("{WARN}?{WARN:#}"), tick);
        writeln!(to, "  {mark} {name}: {}", said.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn print_quotas(quotas: &Quotas, to: &mut dyn Write) -> io::Result<()> {
    let of = &quotas.salesforce;
    let stop = share(of.quota_share);
    match (of.used, of.max, &of.error) {
        (Some(used), Some(max), _) => {
            let used = share(salesforce::Usage { used, max }.share());
            writeln!(to, "  Salesforce: {used} of {max} calls of the last 24 hours are made; runs stop at {stop}")?;
        }
        (_, _, Some(error)) => writeln!(to, "  Salesforce: {WARN}not known{WARN:#}: {error}")?,
        _ => writeln!(to, "  Salesforce: it does not say; runs stop at {stop}")?,
    }
    writeln!(to, "  Yotpo: {} calls a second to each store's account", quotas.yotpo_calls_a_second)
}
