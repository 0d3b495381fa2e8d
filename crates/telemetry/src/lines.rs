//! The layer that writes log lines.
//!
//! The ready-made ones either nest span fields or, flattening them, write a key twice when a span and an event, or a fixed
//! field and a span, share its name.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::fields::Fields;
use crate::spans::INVOCATION;

/// Writes one line of JSON an event.
pub(crate) struct Lines<W> {
    writer: W,
    function: String,
    /// The request id of lines outside any span: that of the latest invocation, for a function has one at a time.
    request_id: Mutex<Value>,
}

/// The order in which a line's keys are read best.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    message: Value,
    function: &'a str,
    request_id: Value,
    #[serde(flatten)]
    fields: Map<String, Value>,
    target: &'a str,
}

impl<W> Lines<W> {
    pub(crate) fn new(function: &str, writer: W) -> Self {
        Self { writer, function: function.to_owned(), request_id: Mutex::new("init".into()) }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if attributes.metadata().name() == INVOCATION
            && let Some(request_id) = fields.0.get("request_id")
        {
            *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = request_id.clone();
        }
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.0.extend(of_span.0.clone());
            }
        }
        event.record(&mut fields);
        let mut fields = fields.0;
        // The line's own keys are nobody else's.
        for key in ["timestamp", "level", "function", "target"] {
            fields.remove(key);
        }
        let line = Line {
            timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            level: event.metadata().level().as_str(),
            message: fields.remove("message").unwrap_or_default(),
            function: &self.function,
            request_id: fields
                .remove("request_id")
                .unwrap_or_else(|| self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            fields,
            target: event.metadata().target(),
        };
        if let Ok(mut json) = serde_json::to_vec(&line) {
            json.push(b'\n');
            // In one piece, so that lines of other threads do not come between. Nobody could be told of a failure.
            let _ = self.writer.make_writer().write_all(&json);
        }
    }
}
