//! Domains of queues (`conductor-semantics` 1.8).

use serde_json::json;

use crate::bench::given;
use crate::bench::steps::{simple, step};

fn queue(domains: &[(&str, &str)], polled: &[&str]) -> String {
    let mut bench = given(json!([simple("a"), step("WAIT", "t")])).domains(domains);
    for domain in polled {
        bench = bench.polled("a", domain);
    }
    let bench = bench.start(json!({}));
    let (queue, _) = bench.driven(0).queued.values().next().expect("a task is queued").clone();
    queue
}

#[test]
fn the_first_polled_domain_then_the_last_then_none() {
    assert_eq!(queue(&[], &[]), "a");
    assert_eq!(queue(&[("a", "x,y")], &["y"]), "y:a");
    assert_eq!(queue(&[("a", "x, y")], &["y", "x"]), "x:a");
    assert_eq!(queue(&[("a", "x,y")], &[]), "y:a");
    assert_eq!(queue(&[("a", "x,no_domain")], &[]), "a");
    assert_eq!(queue(&[("*", "all")], &[]), "all:a");
    assert_eq!(queue(&[("*", "all"), ("a", "own")], &[]), "own:a");
    assert_eq!(queue(&[("*", "all"), ("a", " ")], &[]), "all:a");
    assert_eq!(queue(&[("b", "x")], &[]), "a");
}

#[test]
fn a_wait_has_no_domain() {
    let mut bench =
        given(json!([simple("a"), step("WAIT", "t")])).domains(&[("*", "d")]).start(json!({}));
    bench.worker("a").completes(json!({}));
    assert_eq!(bench.root().tasks[1].domain(), None);
}
