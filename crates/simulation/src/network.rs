//! What lies between a function and the services: delay, loss, refusal, and the moments at which the function dies.

use crate::{
    clock,
    effect::{Effect, Moment},
    fault::Fault,
    functions::Caller,
    world::{Plan, Posting, Sim},
};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use std::{
    future::{pending, poll_fn},
    task::Poll,
    time::Duration,
};
use tokio::{sync::oneshot, time::sleep};

/// There is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// Certainly without effect.
    #[error("connection refused")]
    Refused,
    /// Perhaps with effect.
    #[error("connection reset")]
    Lost,
}

/// The page of a proxy or a firewall.
pub(crate) fn page(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"<html><body><h1>The request was blocked</h1></body></html>"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    response
}

/// Makes a call, and hangs up: the sandbox works on it all the same, as the services do.
async fn begin(serve: impl Future<Output = Response<Bytes>> + Send) {
    let mut serve = Box::pin(serve);
    poll_fn(|context| {
        let _ = serve.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

/// Carries a call to `serve` and its answer back. Once sent, a call is beyond its caller's reach: it takes effect even if
/// the caller gives up or dies. `error` is the service's own answer to a fault.
pub(crate) async fn carry(
    sim: Sim,
    caller: Caller,
    (effect, subject): (Effect, String),
    serve: impl Future<Output = Response<Bytes>> + Send + 'static,
    error: impl FnOnce(Fault) -> Response<Bytes> + Send + 'static,
) -> Result<Response<Bytes>, Broken> {
    // A process that is dead makes no call.
    let plan = sim.plan(caller, effect, &subject);
    let Some(Plan { fault, kill, before, after }) = plan else { return pending().await };
    let _posting = effect.is_post().then(|| Posting { sim: sim.clone(), name: subject.clone() });
    if kill == Some(Moment::Before) {
        sim.kill(caller, "before");
        return pending().await;
    }
    if fault == Some(Fault::Refused) {
        sleep(before).await;
        return Err(Broken::Refused);
    }
    let (answer, answered) = oneshot::channel();
    let (there, about) = (sim.clone(), subject.clone());
    tokio::spawn(async move {
        let sim = there;
        let mut answer = Some(answer);
        sleep(before).await;
        let response = match fault {
            Some(Fault::LostBefore) => None,
            Some(
                fault @ (Fault::ErrorBefore | Fault::Throttled | Fault::Expired | Fault::Denied | Fault::Foreign(_)),
            ) => Some(error(fault)),
            Some(Fault::Hang) => {
                serve.await;
                sim.lock().books.note(caller, effect, &about, false);
                // Holds the line.
                return pending().await;
            }
            Some(Fault::LostAfter) => {
                serve.await;
                None
            }
            Some(Fault::Late(delay)) => {
                answer.take();
                sleep(delay).await;
                // Nobody waits for it any more.
                begin(serve).await;
                None
            }
            Some(fault @ Fault::ErrorAfter) => {
                serve.await;
                Some(error(fault))
            }
            Some(Fault::Refused) | None => Some(serve.await),
        };
        if kill == Some(Moment::AfterEffect) {
            sim.kill(caller, "after its effect");
        }
        sleep(if fault == Some(Fault::LostAfter) { Duration::from_secs(1) } else { after }).await;
        let clean = match (answer, response) {
            (Some(answer), Some(response)) => answer.send(response).is_ok() && fault.is_none(),
            _ => false,
        };
        if !clean {
            sim.lock().books.note(caller, effect, &about, false);
        }
    });
    let response = answered.await;
    sim.lock().watch.answered(caller, effect, clock::now());
    let response = response.map_err(|_| Broken::Lost)?;
    if fault.is_none() {
        sim.lock().books.note(caller, effect, &subject, true);
    }
    if kill == Some(Moment::AfterAnswer) {
        sim.kill(caller, "after its answer");
    }
    Ok(response)
}
