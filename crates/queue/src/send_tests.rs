use super::*;
use crate::stub::Sqs;
use proptest::prelude::*;
use serde_json::json;

async fn send(sqs: &Sqs, bodies: &[&str], patience: Duration) -> Sent {
    let entries: Vec<Entry> = bodies.iter().map(|body| Entry::new((*body).to_owned())).collect();
    sqs.queue().send(&entries.iter().collect::<Vec<_>>(), patience).await
}

fn refused(sent: &Sent) -> Vec<(usize, &str)> {
    sent.refused.iter().map(|refused| (refused.index, refused.code.as_str())).collect()
}

/// SQS says `SenderFault` of all of them.
#[tokio::test(start_paused = true)]
async fn only_what_can_never_be_sent_is_refused() {
    const CODES: [(&str, Option<&str>); 13] = [
        ("InvalidMessageContents", Some("InvalidMessageContents")),
        ("MessageTooLong", Some("MessageTooLong")),
        ("InvalidParameterValue", Some("InvalidParameterValue")),
        ("AWS.SimpleQueueService.InvalidMessageContents", Some("InvalidMessageContents")),
        ("com.amazonaws.sqs#InvalidParameterValue", Some("InvalidParameterValue")),
        ("RequestThrottled", None),
        ("ThrottlingException", None),
        ("KMS.ThrottlingException", None),
        ("KmsThrottled", None),
        ("KMS.AccessDeniedException", None),
        ("AccessDenied", None),
        ("InternalError", None),
        ("a code of tomorrow", None),
    ];
    for (code, expected) in CODES {
        let sqs = Sqs::of_each(move |body, _| (body == "this").then_some(code));
        let sent = send(&sqs, &["another", "this"], PATIENCE).await;
        assert_eq!(sent.accepted, 1, "{code}");
        match expected {
            Some(code) => assert_eq!((refused(&sent), sent.unsent.len()), (vec![(1, code)], 0)),
            None => assert_eq!((refused(&sent), &sent.unsent, sent.why.as_deref()), (vec![], &vec![1], Some(code))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_accepted_for_now_is_sent_again_after_pauses_that_grow() {
    let begun = Instant::now();
    let sqs = Sqs::of_each(move |body, at| {
        (body != "taken" && at < begun + Duration::from_secs(3)).then_some("RequestThrottled")
    });
    let sent = send(&sqs, &["taken", "throttled"], PATIENCE).await;
    assert_eq!((sent.accepted, sent.unsent.len(), sent.refused.len()), (2, 0, 0));
    let calls = sqs.calls();
    assert!(calls.len() < 9 && calls.iter().skip(1).all(|(_, entries)| *entries == 1), "{calls:?}");
    let pauses: Vec<_> = calls.windows(2).map(|two| two[1].0 - two[0].0).collect();
    for (n, pause) in pauses.iter().enumerate() {
        let longest = (FIRST_PAUSE * (1 << n)).min(LONGEST_PAUSE);
        // Timers are of a millisecond.
        let most = longest + Duration::from_millis(1);
        assert!((longest / 2..=most).contains(pause), "pause {n}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end_and_without_any_there_is_one_try() {
    let sqs = Sqs::of_each(|_, _| Some("KMS.DisabledException"));
    let begun = Instant::now();
    let sent = send(&sqs, &["one"], PATIENCE).await;
    assert_eq!((sent.unsent, sent.why.as_deref()), (vec![0], Some("KMS.DisabledException")));
    assert!(begun.elapsed() <= PATIENCE && begun.elapsed() > PATIENCE / 2, "{:?}", begun.elapsed());
    let sqs = Sqs::of_each(|_, _| Some("RequestThrottled"));
    assert_eq!(send(&sqs, &["one"], Duration::ZERO).await.unsent, [0]);
    assert_eq!(sqs.calls().len(), 1);
    let error = sqs.queue().send_one(Entry::new("one".to_owned()), Duration::ZERO).await.unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "RequestThrottled");
}

/// As AWS does with a batch that is too long, or of which it can read no entry.
#[tokio::test(start_paused = true)]
async fn an_entry_for_which_the_whole_call_is_refused_is_found() {
    let sqs = Sqs::new(|entries, _| {
        if entries.iter().any(|entry| entry["MessageBody"] == "bad") {
            return (400, json!({"__type": "com.amazonaws.sqs#InvalidMessageContents", "message": "#x1F"}));
        }
        let taken = entries.iter().map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
        (200, json!({"Successful": taken.collect::<Vec<_>>(), "Failed": []}))
    });
    let sent = send(&sqs, &["good", "bad", "good"], PATIENCE).await;
    assert_eq!((sent.accepted, refused(&sent), sent.unsent.len()), (2, vec![(1, "InvalidMessageContents")], 0));
    let denied = Sqs::new(|_, _| (400, json!({"__type": "com.amazon.coral.service#AccessDeniedException"})));
    let sent = send(&denied, &["good"], PATIENCE).await;
    assert_eq!((sent.refused.len(), sent.unsent.len()), (0, 1));
    assert_eq!(sent.why.as_deref(), Some("AccessDeniedException"));
}

#[tokio::test(start_paused = true)]
async fn a_body_whose_letter_would_not_fit_is_refused_unless_it_is_one() {
    let sqs = Sqs::of_each(|_, _| None);
    let (longest, longer) = ("x".repeat(BODY_BYTES), "x".repeat(BODY_BYTES + 1));
    let sent = send(&sqs, &[&longest, &longer], PATIENCE).await;
    assert_eq!((sent.accepted, refused(&sent)), (1, vec![(1, TOO_LONG)]));
    let whole = Entry::letter("x".repeat(BATCH_BYTES), vec![("error", "as it came".to_owned())], None);
    assert!(whole.attributes.is_empty());
    sqs.queue().send_one(whole, PATIENCE).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_entry_is_packed_once_in_order_within_the_limits(
        sizes in prop::collection::vec(0usize..BATCH_BYTES, 0..60),
        most in 1usize..=BATCH_ENTRIES,
    ) {
        let entries: Vec<Entry> = sizes.iter().map(|&n| Entry::new("x".repeat(n))).collect();
        let open: Vec<usize> = (0..entries.len()).collect();
        let batches = pack(&entries.iter().collect::<Vec<_>>(), &open, most);
        for batch in &batches {
            prop_assert!(!batch.is_empty() && batch.len() <= most);
            prop_assert!(batch.iter().map(|&i| entries[i].bytes()).sum::<usize>() <= BATCH_BYTES);
        }
        prop_assert_eq!(batches.concat(), open);
    }
}

#[test]
fn the_limits_are_those_of_sqs() {
    assert_eq!((BATCH_ENTRIES, BATCH_BYTES), (10, 1_048_576));
    // Four kibibytes for the attributes of a letter.
    assert_eq!((crate::ATTRIBUTE_BYTES, crate::BODY_BYTES), (4_096, 1_044_480));
}

#[test]
fn attributes_count_towards_the_size_and_the_trace_does_not() {
    let entry = Entry { body: "12345".into(), attributes: vec![("ab", "cde".into())], ..Entry::new(String::new()) };
    assert_eq!(entry.bytes(), 5 + 2 + 3 + 6);
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let traced = entry.clone().traced(TraceHeader::parse(header));
    assert_eq!(traced.bytes(), entry.bytes());
    let request = traced.request(0).unwrap();
    let sent = request.message_system_attributes().unwrap();
    assert_eq!(sent[&MessageSystemAttributeNameForSends::AwsTraceHeader].string_value(), Some(header));
    assert!(entry.request(0).unwrap().message_system_attributes().is_none());
}

#[tokio::test(start_paused = true)]
async fn attributes_fill_a_message_and_do_not_overflow_it() {
    for (value, taken) in [(crate::ATTRIBUTE_BYTES - "aString".len(), 1), (crate::ATTRIBUTE_BYTES, 0)] {
        let sqs = Sqs::of_each(|_, _| None);
        let full = Entry {
            body: "x".repeat(BODY_BYTES),
            attributes: vec![("a", "y".repeat(value))],
            ..Entry::new(String::new())
        };
        let sent = sqs.queue().send(&[&full], Duration::ZERO).await;
        assert_eq!((sent.accepted, sent.refused.len()), (taken, 1 - taken), "{value} bytes");
    }
}
