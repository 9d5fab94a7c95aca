//! What `/metrics` and `/internal` tell of requests that were made.

mod common;

use common::{Client, Rig, Worker, wait_until};

/// The text of `/metrics`, checked line by line.
fn scrape(rig: &Rig, headers: &str) -> String {
    let mut client = Client::unix(rig.hub().admin_path().unwrap());
    let reply = client.request("GET", "/metrics", headers, b"");
    assert_eq!(reply.status, 200);
    let text = reply.text().to_owned();
    let mut families = std::collections::HashSet::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            assert!(families.insert(family.split(' ').next().unwrap()), "twice: {line}");
        } else if !line.starts_with('#') {
            let (_, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?}"));
            value.parse::<f64>().unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
    }
    let mut series: Vec<_> = text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
    series.retain(|(name, _)| !name.starts_with('#'));
    let count = series.len();
    series.sort_unstable();
    series.dedup_by_key(|(name, _)| *name);
    assert_eq!(series.len(), count, "a series stands there twice:\n{text}");
    text
}

fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

/// Goal: each request is counted once, under its route, with its status and its bytes.
#[test]
fn requests_are_counted_by_route_method_and_status() {
    let rig = Rig::new();
    let routes = [("GET", "/items/{id}"), ("POST", "/items"), ("GET", "/fails")];
    let _worker = Worker::start(rig.control(), "shop", &routes, |request| {
        let body = request.body();
        let status = if request.route == "/fails" { 500 } else { 200 };
        request.answer(status, &[], &body.repeat(2));
    });
    let mut client = rig.client();
    for id in 0..5 {
        assert_eq!(client.get(&format!("/items/{id}")).status, 200);
    }
    assert_eq!(client.request("HEAD", "/items/1", "", b"").status, 200);
    assert_eq!(client.request("POST", "/items", "", b"12345").body.len(), 10);
    assert_eq!(client.get("/fails").status, 500);
    assert_eq!(client.get("/nowhere").status, 404);
    assert_eq!(client.get("/health").status, 200);

    let requests = |text: &str, route: &str, method: &str, status: &str| {
        let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
        let name = if route.contains(' ') { "shop" } else { "" };
        value(text, &format!("slotway_requests_total{{name=\"{name}\",{labels}}}"))
    };
    // A record ends after its response's last byte, which the client may see before.
    wait_until("the last request is counted", || {
        requests(&scrape(&rig, ""), "hub", "GET", "200") == Some(1.0)
    });
    let text = scrape(&rig, "");
    assert_eq!(requests(&text, "GET /items/{id}", "GET", "200"), Some(5.0), "{text}");
    assert_eq!(requests(&text, "GET /items/{id}", "HEAD", "200"), Some(1.0));
    assert_eq!(requests(&text, "POST /items", "POST", "200"), Some(1.0));
    assert_eq!(requests(&text, "GET /fails", "GET", "500"), Some(1.0));
    assert_eq!(requests(&text, "none", "GET", "404"), Some(1.0));
    let shop = |what: &str, route: &str| {
        value(&text, &format!("slotway_{what}{{name=\"shop\",route=\"{route}\"}}"))
    };
    assert_eq!(shop("request_body_bytes_total", "POST /items"), Some(5.0));
    assert_eq!(shop("response_body_bytes_total", "POST /items"), Some(10.0));
    for times in ["request_duration", "slot_wait", "worker_duration"] {
        assert_eq!(
            shop(&format!("{times}_seconds_count"), "GET /items/{id}"),
            Some(6.0),
            "{times}"
        );
    }
    assert_eq!(value(&text, "slotway_problems_total{code=\"no_route\"}"), Some(1.0));
    assert_eq!(value(&text, "slotway_worker_answers_total{worker=\"1\"}"), Some(8.0));
    assert_eq!(value(&text, "slotway_worker_errors_total{worker=\"1\"}"), Some(1.0));
    assert_eq!(value(&text, "slotway_slots{worker=\"1\",state=\"free\"}"), Some(16.0));
    assert_eq!(value(&text, "slotway_instances{name=\"shop\"}"), Some(1.0));
    assert_eq!(value(&text, "slotway_registrations_total{result=\"taken\"}"), Some(1.0));
    assert!(value(&text, "process_resident_memory_bytes").unwrap() > 1e6);
    assert!(value(&text, "process_open_fds").unwrap() > 3.0);

    let routes = rig.admin("/internal/routes")["routes"].clone();
    let items = routes.as_array().unwrap().iter().find(|route| route["pattern"] == "/items/{id}");
    let items = items.unwrap();
    assert_eq!(items["requests"], 6);
    assert!(items["total_ms"]["p99"].as_f64().unwrap() > 0.0, "{items}");
}

/// Goal: a scraper that asks for OpenMetrics gets it.
#[test]
fn openmetrics_is_spoken_to_who_asks_for_it() {
    let rig = Rig::new();
    let text = scrape(&rig, "accept: application/openmetrics-text; version=1.0.0\r\n");
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("# TYPE slotway_workers_connected counter\n"), "{text}");
    assert!(!scrape(&rig, "").contains("# EOF"));
}

/// Goal: what a client that leaves has begun is counted, and what a worker holds is seen.
#[test]
fn a_client_that_leaves_is_counted_and_a_route_whose_worker_goes_keeps_its_counters() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("slow", &[("GET", "/slow")]);
    let mut client = rig.client();
    client.send("GET", "/slow", "", b"");
    let request = worker.next();
    let held = &rig.admin("/internal/slots")["workers"][0].clone();
    assert_eq!((&held["claimed"], held["oldest_ms"].is_u64()), (&1.into(), true), "{held}");
    let text = scrape(&rig, "");
    assert_eq!(value(&text, "slotway_requests_in_flight{name=\"slow\"}"), Some(1.0));
    let listener = format!("{{listener=\"{}\"}}", rig.hub().address());
    assert_eq!(value(&text, &format!("slotway_connections_open{listener}")), Some(1.0));
    drop(client);
    request.wait_cancelled();
    request.finish();
    let left =
        "slotway_requests_total{name=\"slow\",route=\"GET /slow\",method=\"GET\",status=\"499\"}";
    wait_until("the request that was left is counted", || {
        value(&scrape(&rig, ""), left) == Some(1.0)
    });
    wait_until("the connection is closed", || {
        value(&scrape(&rig, ""), &format!("slotway_connections_open{listener}")) == Some(0.0)
    });
    drop(worker);
    wait_until("the worker is gone", || rig.get("/slow").status == 503);
    // Nobody serves the route, and it still has its counters.
    let text = scrape(&rig, "");
    assert!(value(&text, &left.replace("499", "503")) >= Some(1.0), "{text}");
}
