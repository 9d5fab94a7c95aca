//! A hub that was built without OpenTelemetry says so when it is asked for it.
#![cfg(not(feature = "otel"))]

use slotway_hub::{Config, Hub, HubError};

#[test]
fn an_endpoint_without_the_feature_is_refused() {
    let mut config = Config::default();
    let socket = format!("slotway-without-otel-{}", std::process::id());
    config.control.path = Some(std::env::temp_dir().join(socket));
    config.listen[0].address = "127.0.0.1:0".parse().unwrap();
    config.telemetry.endpoint = Some("http://127.0.0.1:4318".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(Hub::start(config)) {
        Err(HubError::Config(why)) => assert!(why.contains("--features otel"), "{why}"),
        other => panic!("{other:?}"),
    }
}
