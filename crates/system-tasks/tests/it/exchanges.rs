//! One attempt after another, without an engine.

use fermata_decider::command::ReportedStatus;
use fermata_system_tasks::http::{Hosts, HttpTask, limits};
use fermata_system_tasks::{Ended, Outcome, SystemTask as _, Work};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::peer::{End, Peer};

async fn attempt(input: Value) -> Outcome {
    attempt_with(Hosts::default(), input, false).await
}

async fn attempt_with(hosts: Hosts, input: Value, is_async_complete: bool) -> Outcome {
    let work = Work { shown: input.clone(), input, is_async_complete };
    HttpTask::new(hosts).attempt(&work).await
}

/// An outcome as text, without what differs from one test run to the next.
fn text(outcome: &Outcome, peer: &Peer) -> String {
    let Outcome { status, output, reason, ended } = outcome;
    let output = String::from_utf8_lossy(output.bytes()).into_owned();
    let all = format!("{status:?} {ended:?}\n{output}\n{reason:?}\n");
    all.replace(&peer.address.to_string(), "PEER")
}

/// Asks a peer with this answer, patiently.
async fn asked(status: &str, headers: &str, body: &str) -> String {
    let peer = Peer::always(status, headers, body).await;
    let input = json!({"uri": peer.uri("/x"), "method": "GET", "readTimeOut": 60_000});
    text(&attempt(input).await, &peer)
}

#[tokio::test]
async fn success_gives_status_headers_and_body() {
    let headers = "Content-Type: application/json\r\nX-Two: a\r\nx-two: b\r\nETag: \"e\"\r\n";
    let body = r#"{"b": 12345678901234567890.10, "a": [true]}"#;
    assert_snapshot!(asked("200 Fine", headers, body).await);
}

#[tokio::test]
async fn bodies_are_shown_by_their_kind() {
    let mut all = String::new();
    for body in ["", "7", "1.5", "true", "null", "\"text\"", "[1]", "<x/>", "{\"a\":", "{} x"] {
        let outcome = asked("201 Created", "", body).await;
        let (_, shown) = outcome.split_once("\"body\":").expect("a body");
        let shown = shown.lines().next().expect("a line");
        all += &format!("{body} -> {}\n", shown.strip_suffix("}}").expect("the end"));
    }
    assert_snapshot!(all);
}

#[tokio::test]
async fn text_in_latin_1_is_read_as_such() {
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n".to_vec();
    answer.extend_from_slice(b"gr\xfc\xdfe");
    let peer = Peer::new(vec![(answer, End::Close)]).await;
    let outcome = attempt(json!({"uri": peer.uri("/"), "method": "GET"})).await;
    assert_eq!(outcome.output.to_value()["response"]["body"], "grüße");
}

#[tokio::test]
async fn every_class_of_status_has_its_outcome() {
    let mut all = String::new();
    for (status, headers, body) in [
        ("204 No Content", "", ""),
        ("302 Found", "Location: /elsewhere\r\n", "moved"),
        ("304 Not Modified", "", ""),
        ("400 Bad Request", "Content-Type: application/json\r\n", "{\"a\":\n1}"),
        ("404 Not Found", "", ""),
        ("500 Internal Server Error", "", "trouble"),
        ("599 Odd", "", "odd"),
    ] {
        all += &asked(status, headers, body).await;
    }
    assert_snapshot!(all);
}

#[tokio::test]
async fn async_complete_leaves_a_success_in_progress_and_nothing_else() {
    let peer = Peer::always("202 Accepted", "", "{}").await;
    let input = json!({"uri": peer.uri("/"), "method": "POST"});
    let outcome = attempt_with(Hosts::default(), input, true).await;
    assert_eq!(outcome.status, ReportedStatus::InProgress);
    assert_eq!(outcome.output.to_value()["response"]["statusCode"], 202);
    let peer = Peer::always("500 No", "", "").await;
    let input = json!({"uri": peer.uri("/"), "method": "POST"});
    let outcome = attempt_with(Hosts::default(), input, true).await;
    assert_eq!(outcome.status, ReportedStatus::Failed);
}

#[tokio::test]
async fn requests_say_what_the_input_says() {
    let peer = Peer::always("200 OK", "", "").await;
    let uri = peer.uri("/a b?q={x}#f");
    for input in [
        json!({"uri": uri, "method": "get"}),
        json!({"http_request": {"uri": uri, "method": "POST", "body": {"b": 1, "a": "é"},
            "headers": {"X-Key": "k", "Accept": "a/b", "X-N": 7, "X-Null": null}}}),
        json!({"uri": uri, "method": "PUT", "contentType": "text/plain", "body": "hello",
            "accept": ["a/b", "c/d"]}),
        json!({"uri": uri, "method": "DELETE"}),
    ] {
        assert_eq!(attempt(input).await.status, ReportedStatus::Completed);
    }
    let requests = peer.requests().join("\n----\n");
    let version = concat!("fermata/", env!("CARGO_PKG_VERSION"));
    let requests = requests.replace(&peer.address.to_string(), "PEER").replace(version, "AGENT");
    assert_snapshot!(requests.replace('\r', ""));
}

#[tokio::test]
async fn without_an_answer_the_task_fails_and_says_why() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    let mut all = String::new();
    for (answer, end) in [
        ("", End::Close),
        ("", End::Silence),
        ("nonsense\r\n\r\n", End::Close),
        ("HTTP/1.1 200 OK\r\nContent-", End::Close),
        (whole, End::Close),
        (whole, End::Silence),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", End::Close),
    ] {
        let peer = Peer::new(vec![(answer.as_bytes().to_vec(), end)]).await;
        let wait = if end == End::Silence { 50 } else { 60_000 };
        let input = json!({"uri": peer.uri("/p?key=hidden"), "method": "GET", "readTimeOut": wait});
        all += &text(&attempt(input).await, &peer);
    }
    assert_snapshot!(all);
}

#[tokio::test]
async fn nobody_at_home() {
    let peer = Peer::always("200 OK", "", "").await;
    let uri = peer.uri("/");
    let address = peer.address.to_string();
    drop(peer);
    // The listener closes when its task has ended; until then it may accept and say nothing.
    let outcome = loop {
        let outcome = attempt(json!({"uri": uri, "method": "GET", "readTimeOut": 50})).await;
        if outcome.reason.as_deref().is_some_and(|reason| reason.contains("cannot connect")) {
            break outcome;
        }
    };
    let reason = outcome.reason.expect("a reason").replace(&address, "PEER");
    assert!(
        reason.starts_with(
            "Failed to invoke HTTP task due to: java.lang.Exception: I/O error on GET request for \
             \"http://PEER/\": cannot connect: "
        ),
        "{reason}"
    );
    assert_eq!((outcome.status, outcome.ended), (ReportedStatus::Failed, Ended::Unanswered));
    let outcome = attempt(json!({"uri": "http://no-such-host.invalid/", "method": "GET"})).await;
    assert_eq!(outcome.ended, Ended::Unanswered);
}

#[tokio::test]
async fn large_answers_pass_and_larger_ones_do_not() {
    let body = "x".repeat(limits::ANSWER_BODY_MAX);
    let peer = Peer::always("200 OK", "", &body).await;
    let input = json!({"uri": peer.uri("/"), "method": "GET", "readTimeOut": 60_000});
    let outcome = attempt(input).await;
    assert_eq!(outcome.status, ReportedStatus::Completed);
    assert_eq!(outcome.output.to_value()["response"]["body"], body.as_str());
    let peer = Peer::always("200 OK", "", &(body + "x")).await;
    let input = json!({"uri": peer.uri("/"), "method": "GET", "readTimeOut": 60_000});
    let reason = attempt(input).await.reason.expect("a reason");
    assert!(reason.ends_with("the answer's body is larger than 10485760 bytes"), "{reason}");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let many: String = (0..=limits::ANSWER_HEADERS_MAX).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X: {}\r\n", "x".repeat(limits::ANSWER_HEAD_MAX));
    for headers in [many, long] {
        let peer = Peer::always("200 OK", &headers, "").await;
        let input = json!({"uri": peer.uri("/"), "method": "GET", "readTimeOut": 60_000});
        let reason = attempt(input).await.reason.expect("a reason");
        assert!(reason.contains("the answer has more than"), "{reason}");
    }
}

#[tokio::test]
async fn deep_json_is_text() {
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    let peer = Peer::always("200 OK", "", &deep).await;
    let outcome = attempt(json!({"uri": peer.uri("/"), "method": "GET"})).await;
    assert_eq!(outcome.output.to_value()["response"]["body"], deep.as_str());
}

#[tokio::test]
async fn hosts_may_be_denied() {
    let peer = Peer::always("200 OK", "", "").await;
    let lists = |allow: &[&str], deny: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Hosts::new(&owned(allow), &owned(deny)).expect("patterns")
    };
    let uri = format!("http://localhost:{}/?key=hidden", peer.address.port());
    let input = json!({"uri": uri, "method": "GET"});
    for hosts in
        [lists(&[], &["private"]), lists(&[], &["localhost"]), lists(&["example.com"], &[])]
    {
        let outcome = attempt_with(hosts, input.clone(), false).await;
        assert_eq!(outcome.status, ReportedStatus::FailedWithTerminalError);
        assert_eq!(outcome.ended, Ended::Invalid);
        let reason = outcome.reason.expect("a reason");
        assert!(reason.ends_with("the host is not among those this server may call"), "{reason}");
        assert!(!reason.contains("hidden"), "{reason}");
    }
    assert!(peer.requests().is_empty());
    let hosts = lists(&["127.0.0.0/8"], &["10.0.0.0/8"]);
    let outcome = attempt_with(hosts, input, false).await;
    assert_eq!(outcome.status, ReportedStatus::Completed);
}

#[tokio::test]
async fn tls_is_spoken_to_tls_only() {
    let peer = Peer::always("200 OK", "", "").await;
    let uri = format!("https://{}/", peer.address);
    let outcome = attempt(json!({"uri": uri, "method": "GET", "readTimeOut": 5000})).await;
    assert_eq!(outcome.status, ReportedStatus::Failed);
    let reason = outcome.reason.expect("a reason");
    let expected = ["no TLS connection", "no trusted root certificates"];
    assert!(expected.iter().any(|part| reason.contains(part)), "{reason}");
}
