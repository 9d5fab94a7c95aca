use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A directory of this test that goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("slotway-path-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn at(&self, name: &str) -> ControlPath {
        ControlPath::given(self.0.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn problem(bound: Result<BoundSocket, HubError>) -> String {
    bound.unwrap_err().to_string()
}

#[tokio::test]
async fn a_socket_is_private_to_its_user_and_goes_with_the_hub() {
    let scratch = Scratch::new();
    let place = scratch.at("deep/er/hub.sock");
    let bound = place.bind("control").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(place.path()), 0o600);
    assert_eq!(mode(place.path().parent().unwrap()), 0o700);
    drop(bound);
    assert!(!place.path().exists());
}

#[tokio::test]
async fn a_stale_socket_is_taken_over() {
    let scratch = Scratch::new();
    let place = scratch.at("hub.sock");
    drop(StdListener::bind(place.path()).unwrap());
    assert!(place.path().exists());
    let _bound = place.bind("control").unwrap();
    UnixStream::connect(place.path()).unwrap();
}

#[tokio::test]
async fn a_socket_in_use_is_left_alone() {
    let scratch = Scratch::new();
    let place = scratch.at("hub.sock");
    let _first = place.bind("control").unwrap();
    assert!(problem(place.bind("control")).contains("another process listens there"));
    UnixStream::connect(place.path()).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let scratch = Scratch::new();
    let place = scratch.at("hub.sock");
    fs::write(place.path(), "mine").unwrap();
    assert!(problem(place.bind("control")).contains("not a socket"));
    assert_eq!(fs::read_to_string(place.path()).unwrap(), "mine");
}

#[tokio::test]
async fn a_path_too_long_says_how_long_it_may_be() {
    let scratch = Scratch::new();
    let place = scratch.at(&"x".repeat(120));
    let text = problem(place.bind("control"));
    assert!(text.contains("107"), "{text}");
}

#[tokio::test]
async fn a_chosen_directory_that_others_may_write_to_is_refused() {
    let scratch = Scratch::new();
    fs::set_permissions(&scratch.0, Permissions::from_mode(0o777)).unwrap();
    let place = ControlPath { path: scratch.0.join("hub.sock"), chosen: true };
    assert!(problem(place.bind("control")).contains("0777"));
}

#[tokio::test]
async fn a_successor_at_the_same_path_keeps_its_socket() {
    let scratch = Scratch::new();
    let place = scratch.at("hub.sock");
    let first = place.bind("control").unwrap();
    fs::remove_file(place.path()).unwrap();
    let _second = StdListener::bind(place.path()).unwrap();
    drop(first);
    assert!(place.path().exists());
}
