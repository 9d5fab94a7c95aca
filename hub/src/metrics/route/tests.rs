use std::time::Duration;

use super::*;

#[test]
fn a_route_keeps_its_counters_whoever_registers_it_again() {
    let routes = Routes::new();
    let id = routes.resolve("shop", "GET", "/items/{id}");
    assert_eq!(routes.resolve("shop", "GET", "/items/{id}"), id);
    assert_ne!(routes.resolve("shop", "POST", "/items/{id}"), id);
    assert_eq!(&*routes.get(id).labels.pattern, "/items/{id}");
}

#[test]
fn routes_without_end_share_one_set_of_counters() {
    let routes = Routes::new();
    let ids: Vec<_> = (0..5000).map(|n| routes.resolve("shop", "GET", &format!("/{n}"))).collect();
    let own = ids.iter().filter(|&&id| id != RouteId::OTHER).count();
    assert_eq!(own, ROUTES_MAX - usize::from(RouteId::FIRST));
    assert_eq!(routes.resolve("shop", "GET", "/0"), ids[0], "what was known stays known");
    assert_eq!(routes.all().count(), ROUTES_MAX);
}

#[test]
fn every_thread_counts_and_nothing_is_lost() {
    let routes = Routes::new();
    let id = routes.resolve("shop", "GET", "/");
    let request = Counted {
        method: Method::Get,
        status: 200,
        total_ns: 3_000_000,
        at_worker: Some(AtWorker { wait_ns: 0, worker_ns: 2_000_000 }),
        bytes_in: 1,
        bytes_out: 2,
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| routes.get(id).record(&request)));
        }
    });
    let counts = routes.get(id).counts();
    assert_eq!(counts.statuses.sums(), (4000, 0));
    assert_eq!((counts.bytes_in, counts.bytes_out), (4000, 8000));
    assert_eq!(counts.total.sum(), Duration::from_secs(12));
    assert_eq!(counts.worker.sum(), Duration::from_secs(8));
    assert_eq!(counts.wait.count(), 4000);
}
