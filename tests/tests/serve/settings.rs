//! What a worker finds when it starts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use slotway_tests::{Hub, PrivateDir};

use super::rig::{Rig, SOON, light, shell, worker};

/// Prints what it found, and stays.
const TELL: &str = "echo found: colour=$COLOUR here=$PWD user=$(id -u):$(id -g) home=$HOME \
                    cpus=$(sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status) \
                    files=$(ulimit -S -n) name=$SLOTWAY_INSTANCE notify=$NOTIFY_SOCKET. \
                    group=$(cut -d' ' -f5 /proc/$$/stat)=$$; exec sleep 1000";

#[test]
fn environment_directory_and_processors_are_as_asked_for() {
    light("environment_directory_and_processors_are_as_asked_for", || {
        let dir = PrivateDir::new();
        let settings = format!(
            "{}ready-timeout = \"none\"\ndirectory = {:?}\ncpus = \"0\"\n\
             environment = {{ COLOUR = \"deep blue\", NUMBER = 7 }}\n",
            shell(TELL),
            dir.path()
        );
        let text = format!("listen = [\"127.0.0.1:0\"]\n{}", worker("api", &settings));
        let hub = Hub::builder()
            .serve(&[])
            .config(&text)
            .env("NOTIFY_SOCKET", "/nowhere")
            // The hub raises its own soft limit; its workers have the one that was.
            .through(&["sh", "-c", "ulimit -S -n 300; exec \"$0\" \"$@\""])
            .start();
        let line = hub.process.wait_line("found: ", SOON);
        let here = format!("here={}", dir.path().display());
        let words = ["colour=deep blue", &here, "cpus=0 ", "files=300", "name=api.1 ", "notify=."];
        for word in words {
            assert!(line.contains(word), "{word}: {line}");
        }
        let group = line.split("group=").nth(1).and_then(|rest| rest.split(' ').next());
        let (group, leader) = group.and_then(|both| both.split_once('=')).expect("two numbers");
        assert_eq!(group, leader, "a group of its own");
    });
}

/// Goal: a worker runs as its user and is let in; only root can do that.
#[test]
fn a_worker_runs_as_its_user() {
    light("a_worker_runs_as_its_user", || {
        let settings = format!("{}ready-timeout = \"none\"\nuser = \"nobody\"\n", shell(TELL));
        let table = worker("api", &settings);
        if !rustix::process::geteuid().is_root() {
            let text = format!("listen = [\"127.0.0.1:0\"]\n{table}");
            let (code, said) = Hub::builder().serve(&[]).config(&text).start_in_vain();
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("only root"), "{said}");
            return;
        }
        let rig = Rig::start(&table);
        let line = rig.says("found: ");
        let passwd = fs::read_to_string("/etc/passwd").expect("a list of users");
        let nobody = passwd.lines().find_map(|line| line.strip_prefix("nobody:"));
        let fields: Vec<_> = nobody.expect("nobody is a user").split(':').collect();
        let (user, home) = (format!("user={}:{}", fields[1], fields[2]), fields[4]);
        assert!(line.contains(&user), "{user}: {line}");
        assert!(line.contains(&format!("home={home} ")), "{line}");
        let mode = fs::metadata(rig.hub.control_path()).expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o666, "it may connect");
        // A change of the user undoes what ties a process to its parent, if done too late.
        let pid = rig.wait_ready("api", 1);
        let mut rig = rig;
        rig.hub.process.kill();
        super::rig::wait_gone(&pid);
    });
}
