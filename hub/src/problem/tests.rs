use http_body_util::BodyExt;

use super::*;

async fn taken_apart(problem: Problem) -> (Response<()>, serde_json::Value) {
    let (parts, body) = problem.into_response().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_problem_is_problem_json_with_a_stable_type() {
    let (head, body) = taken_apart(Problem::new(Kind::NoRoute, "no route for /x")).await;
    assert_eq!(head.status(), 404);
    assert_eq!(head.headers()[CONTENT_TYPE], "application/problem+json");
    assert_eq!(body["type"], "urn:slotway:problem:no_route");
    assert_eq!(body["code"], "no_route");
    assert_eq!(body["status"], 404);
    assert_eq!(body["detail"], "no route for /x");
    assert!(body.get("retry_after_ms").is_none());
}

#[tokio::test]
async fn h04_retry_after_is_whole_seconds_in_the_header_and_exact_in_the_body() {
    let problem = Problem::new(Kind::QueueFull, "full").retry_after(Duration::from_millis(250));
    let (head, body) = taken_apart(problem).await;
    assert_eq!(head.status(), 503);
    assert_eq!(head.headers()[RETRY_AFTER], "1");
    assert_eq!(body["retry_after_ms"], 250);
    assert_eq!(whole_seconds(Duration::from_millis(2000)), 2);
    assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
}

#[tokio::test]
async fn the_methods_of_a_path_are_in_allow() {
    let problem = Problem::new(Kind::MethodNotAllowed, "no")
        .allow(HeaderValue::from_static("GET, HEAD, OPTIONS"));
    let (head, _) = taken_apart(problem).await;
    assert_eq!(head.status(), 405);
    assert_eq!(head.headers()[ALLOW], "GET, HEAD, OPTIONS");
}

const ALL: [Kind; 34] = [
    Kind::BadRequest,
    Kind::Unauthorized,
    Kind::Forbidden,
    Kind::TopicForbidden,
    Kind::NoRoute,
    Kind::MethodNotAllowed,
    Kind::BodyTimeout,
    Kind::BodyBroken,
    Kind::BodyTooLarge,
    Kind::TooManyRequests,
    Kind::HeadTooLarge,
    Kind::TargetTooLong,
    Kind::NotImplemented,
    Kind::VersionNotSupported,
    Kind::WorkerGone,
    Kind::BadAnswer,
    Kind::NoWorker,
    Kind::TooManyStreams,
    Kind::NotWaiting,
    Kind::NoClients,
    Kind::StreamClosing,
    Kind::StreamFull,
    Kind::QueueFull,
    Kind::WaitTimeout,
    Kind::NoMemory,
    Kind::Deadline,
    Kind::EventTooLarge,
    Kind::EventQuota,
    Kind::TooManySubscriptions,
    Kind::ShuttingDown,
    Kind::NoQueue,
    Kind::NoActivity,
    Kind::KeyReused,
    Kind::BadCall,
];

/// Goal: who looks a code up finds it, with its status, and codes are not used twice.
#[test]
fn every_code_is_documented_once() {
    const PAGE: &str = include_str!("../../../docs/problems.md");
    let mut numbers: Vec<_> = ALL.iter().map(|&kind| kind as usize).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..=Kind::BadCall as usize), "all of them: {numbers:?}");
    for kind in ALL {
        let row = format!("| {} | `{}` | ", kind.status().as_u16(), kind.code());
        assert_eq!(PAGE.matches(&row).count(), 1, "{row}");
    }
    assert_eq!(PAGE.matches("\n| ").count(), ALL.len() + 1, "no row too many");
}
