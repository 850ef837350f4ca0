//! The task type.

use std::future::Future;
use std::pin::Pin;

use fermata_decider::command::ReportedStatus;
use serde_json::Value;

use crate::http::exchange;
use crate::http::fault::Fault;
use crate::http::hosts::Hosts;
use crate::http::input::Asked;
use crate::http::tls::Tls;
use crate::http::{answer, input};
use crate::task::{Ended, Outcome, SystemTask, Work};

/// HTTP (`conductor-semantics` 5.18): one request an attempt, no redirects followed, nothing
/// tried again by itself. What is asked for may hold secrets, so nothing of it is logged, and
/// reasons repeat the URI without its query and with its secrets by name.
pub struct HttpTask {
    hosts: Hosts,
    tls: Tls,
}

impl HttpTask {
    /// A task type that calls those hosts.
    #[must_use]
    pub fn new(hosts: Hosts) -> Self {
        Self { hosts, tls: Tls::default() }
    }

    async fn request(&self, work: &Work) -> Outcome {
        let asked = match Asked::read(&work.input) {
            Ok(asked) => asked,
            Err(reason) => return answer::invalid(reason),
        };
        let method = asked.method.clone();
        match exchange::exchange(asked, &self.hosts, &self.tls).await {
            Ok(answered) => answer::outcome(&answered, work.is_async_complete),
            Err(fault) => {
                let uri = shown_uri(&work.shown);
                let what = format!("I/O error on {method} request for \"{uri}\": {fault}");
                // No later attempt is allowed what this one was not.
                let (status, ended) = match fault {
                    Fault::Forbidden => (ReportedStatus::FailedWithTerminalError, Ended::Invalid),
                    _ => (ReportedStatus::Failed, Ended::Unanswered),
                };
                answer::unanswered(&what, status, ended)
            }
        }
    }
}

impl SystemTask for HttpTask {
    fn task_type(&self) -> &'static str {
        "HTTP"
    }

    fn attempt<'a>(&'a self, work: &'a Work) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(self.request(work))
    }
}

/// The URI as the definition has it, without what tends to hold keys: user, query and fragment.
fn shown_uri(input: &Value) -> String {
    let request = input.get("http_request").filter(|request| !request.is_null()).unwrap_or(input);
    let uri = request.get("uri").map(input::plain).unwrap_or_default();
    let uri = uri.split(['?', '#']).next().unwrap_or("");
    match uri.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or("");
            format!("{scheme}://{host}{path}")
        }
        None => uri.to_owned(),
    }
}
