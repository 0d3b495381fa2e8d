//! Whether each part of the machinery is as it must be, and what to do where it is not. Pure.

use super::described::{Alarm, Known, Machinery, Mapping, Schedule, Subscription, Versions};
use crate::{part::Part, text::few};

/// What takes messages off a queue.
const MAPPING: &str = "queue's mapping";

/// Judges what is known.
fn part<T>(name: String, known: &Known<T>, judge: impl FnOnce(String, &T) -> Part) -> Part {
    match known {
        Ok(known) => judge(name, known),
        Err(why) => Part::open(name, format!("not known: {why}")),
    }
}

impl Machinery {
    /// Its parts, in the order of an order's way.
    pub(crate) fn judged(&self) -> Vec<Part> {
        let Self { mappings, schedules, versions, subscriptions, alarms: all } = self;
        let schedules = schedules.iter().map(|(name, known)| part(format!("schedule {name}"), known, schedule));
        let versions = versions.iter().map(|(name, known)| part(format!("version of {name}"), known, version));
        let mut parts: Vec<Part> = schedules.collect();
        match mappings {
            Ok(all) => parts
                .extend(all.iter().map(|known| part(MAPPING.to_owned(), known, |name, known| mapping(&name, known)))),
            Err(why) => parts.push(Part::open(MAPPING, format!("not known: {why}"))),
        }
        parts.extend(versions);
        parts.push(part("alarms' subscription".to_owned(), subscriptions, |name, known| told(name, known)));
        parts.push(part("alarms".to_owned(), all, |name, known| alarms(name, known)));
        parts
    }
}

fn mapping(name: &str, Mapping { uuid, state, function }: &Mapping) -> Part {
    let name = format!("{name} to {}", function.split(':').nth(6).unwrap_or(function));
    if !function.ends_with(":live") {
        let error = format!("it starts `{function}`, not the alias `live`: no deployment reaches it");
        return Part::wrong(name, error).hint("deploy the stack again");
    }
    match state.as_str() {
        "Enabled" => Part::well(name),
        "Creating" | "Enabling" | "Updating" => Part::open(name, format!("AWS says `{state}`; look again in a minute")),
        state => {
            let error = format!("AWS says `{state}`: nothing takes messages off the queue, no order is delivered");
            Part::wrong(name, error).hint(format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled"))
        }
    }
}

fn schedule(name: String, Schedule { enabled, by_parameter }: &Schedule) -> Part {
    if *enabled {
        Part::well(name)
    } else if *by_parameter {
        let parameter = "disabled by the stack's parameter `ScheduleState`: somebody else is to start the function";
        Part::open(name, parameter)
    } else {
        Part::wrong(name, "disabled: nothing starts the function")
            .hint("enable it in EventBridge Scheduler, or deploy the stack with ScheduleState=ENABLED")
    }
}

fn version(name: String, Versions { live, latest, shifting_to }: &Versions) -> Part {
    if !shifting_to.is_empty() {
        let next = few(shifting_to);
        let shifting = format!("a deployment goes on: live is {live}, and a part of the work goes to {next}");
        return Part::open(name, shifting);
    }
    match latest {
        Some(latest) if *live != latest.to_string() => {
            let error = format!("live is {live}, and {latest} was deployed: it was rolled back, or did not get so far");
            Part::wrong(name, error).hint("docs/RUNBOOK.md#rollout says how to find out why; then deploy again")
        }
        _ => Part::noted(name, live),
    }
}

fn told(name: String, all: &[Subscription]) -> Part {
    let pending: Vec<_> = all.iter().filter(|one| !one.confirmed).map(|one| one.protocol.clone()).collect();
    let names = few(&pending);
    match (all.len() - pending.len(), pending.len()) {
        (0, 0) => Part::wrong(name, "nobody is told of an alarm: the topic has no subscription")
            .hint("deploy the stack with AlarmEmail, or subscribe somebody to the topic of its output AlarmTopic"),
        (0, _) => Part::wrong(name, format!("nobody is told of an alarm: {names} not confirmed"))
            .hint("follow the link in AWS's mail; where it is lost, deploy AlarmEmail anew"),
        (_, 0) => Part::well(name),
        _ => Part::noted(name, format!("{names} not confirmed yet")),
    }
}

fn alarms(name: String, all: &[Alarm]) -> Part {
    let names = |which: fn(&&Alarm) -> bool| -> Vec<String> {
        all.iter().filter(which).map(|alarm| alarm.name.clone()).collect()
    };
    let (silent, raised) = (names(|alarm| !alarm.actions_enabled), names(|alarm| alarm.state == "ALARM"));
    if all.is_empty() {
        Part::wrong(name, "the stack has none").hint("deploy the stack again")
    } else if !silent.is_empty() {
        Part::wrong(name, format!("these do nothing when they are raised: {}", few(&silent)))
            .hint(format!("aws cloudwatch enable-alarm-actions --alarm-names {}", silent.join(" ")))
    } else if !raised.is_empty() {
        Part::wrong(name, format!("in ALARM: {}", few(&raised))).hint("docs/RUNBOOK.md has a section for each")
    } else {
        Part::noted(name, format!("{}, none in ALARM", all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything on.
    fn running() -> Machinery {
        let schedule = || Ok(Schedule { enabled: true, by_parameter: false });
        let versions = || Ok(Versions { live: "3".to_owned(), latest: Some(3), shifting_to: vec![] });
        Machinery {
            mappings: Ok(vec![Ok(Mapping {
                uuid: "u-1".to_owned(),
                state: "Enabled".to_owned(),
                function: "arn:aws:lambda:eu-west-1:111122223333:function:acme-reviews-consumer:live".to_owned(),
            })]),
            schedules: ["producer", "reconciler"].map(|name| (name.to_owned(), schedule())).into(),
            versions: ["producer", "consumer"].map(|name| (name.to_owned(), versions())).into(),
            subscriptions: Ok(vec![Subscription { protocol: "email".to_owned(), confirmed: true }]),
            alarms: Ok(vec![alarm("OK", true), alarm("INSUFFICIENT_DATA", true)]),
        }
    }

    fn alarm(state: &str, actions_enabled: bool) -> Alarm {
        Alarm { name: "acme-MissingAlarm".to_owned(), state: state.to_owned(), actions_enabled }
    }

    /// The parts that are not as they must be, or of which it is not known, after a change.
    fn after(change: impl FnOnce(&mut Machinery)) -> Vec<(String, Option<bool>, String)> {
        let mut machinery = running();
        change(&mut machinery);
        let parts = machinery.judged().into_iter().filter(|part| part.ok != Some(true));
        parts.map(|part| (part.name, part.ok, part.said.unwrap_or_default())).collect()
    }

    fn mapping_of(machinery: &mut Machinery) -> &mut Mapping {
        machinery.mappings.as_mut().unwrap()[0].as_mut().unwrap()
    }

    #[test]
    fn with_everything_on_all_is_well() {
        assert_eq!(after(|_| {}), []);
    }

    #[test]
    fn whatever_is_off_is_a_cross() {
        type Change = fn(&mut Machinery);
        let changes: [(Change, &str, Option<bool>, &str); 13] = [
            (
                |m| mapping_of(m).state = "Disabled".into(),
                "queue's mapping to acme-reviews-consumer",
                Some(false),
                "no order is delivered",
            ),
            (
                |m| mapping_of(m).state = "Enabling".into(),
                "queue's mapping to acme-reviews-consumer",
                None,
                "`Enabling`",
            ),
            (
                |m| mapping_of(m).function = "arn:acme:3".into(),
                "queue's mapping to arn:acme:3",
                Some(false),
                "not the alias",
            ),
            (|m| m.mappings = Err("AccessDenied".into()), "queue's mapping", None, "not known: AccessDenied"),
            (
                |m| drop(m.schedules.insert("producer".into(), Ok(Schedule { enabled: false, by_parameter: false }))),
                "schedule producer",
                Some(false),
                "nothing starts the function",
            ),
            (
                |m| drop(m.schedules.insert("producer".into(), Ok(Schedule { enabled: false, by_parameter: true }))),
                "schedule producer",
                None,
                "`ScheduleState`",
            ),
            (
                |m| m.versions.get_mut("consumer").unwrap().as_mut().unwrap().latest = Some(4),
                "version of consumer",
                Some(false),
                "live is 3, and 4 was deployed",
            ),
            (
                |m| m.versions.get_mut("consumer").unwrap().as_mut().unwrap().shifting_to = vec!["4".into()],
                "version of consumer",
                None,
                "a deployment goes on",
            ),
            (|m| m.subscriptions = Ok(vec![]), "alarms' subscription", Some(false), "no subscription"),
            (
                |m| m.subscriptions.as_mut().unwrap()[0].confirmed = false,
                "alarms' subscription",
                Some(false),
                "email not confirmed",
            ),
            (
                |m| m.alarms.as_mut().unwrap().push(alarm("ALARM", true)),
                "alarms",
                Some(false),
                "in ALARM: acme-Missing",
            ),
            (|m| m.alarms.as_mut().unwrap().push(alarm("OK", false)), "alarms", Some(false), "do nothing"),
            (|m| m.alarms = Ok(vec![]), "alarms", Some(false), "none"),
        ];
        for (change, name, ok, says) in changes {
            let found = after(change);
            let [(found_name, found_ok, said)] = found.as_slice() else { panic!("{name}: {found:?}") };
            assert_eq!((found_name.as_str(), *found_ok), (name, ok), "{said}");
            assert!(said.contains(says), "{said} does not say {says}");
        }
    }

    #[test]
    fn an_alarm_is_read_as_cloudwatch_writes_it() {
        let said = r#"{"AlarmName":"acme-MissingAlarm","StateValue":"ALARM","ActionsEnabled":false,"Threshold":0.0}"#;
        let alarm: Alarm = serde_json::from_str(said).unwrap();
        assert_eq!(
            (alarm.name.as_str(), alarm.state.as_str(), alarm.actions_enabled),
            ("acme-MissingAlarm", "ALARM", false)
        );
    }
}
