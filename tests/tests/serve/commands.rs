//! The command line: `slotway serve COMMAND`, `slotway restart`, `slotway scale`.

use std::process::{Command, Output};

use slotway_tests::{Flavor, Hub, artifacts, eventually};

use super::rig::{Rig, SOON, command, light, shell, worker};

/// Runs a command that talks to a hub.
fn slotway(hub: &Hub, args: &[&str]) -> Output {
    let mut command = Command::new(artifacts::hub());
    command.args(args).arg("--admin").arg(hub.admin_path()).env("NO_COLOR", "1");
    command.env_remove("SLOTWAY_ADMIN_TOKEN_FILE").output().expect("a program of our own")
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Goal: the line that everybody writes first.
#[test]
fn a_command_is_served_in_as_many_instances_as_wanted() {
    light("a_command_is_served_in_as_many_instances_as_wanted", || {
        let program = artifacts::worker(Flavor::Rust).to_str().expect("UTF-8");
        let hub = Hub::builder().serve(&[program, "--threads", "2", "--instances", "3"]).start();
        eventually("three serve", SOON, || (hub.instances("conformance") == 3).then_some(()));
        assert_eq!(hub.get("/hello/you").expect(200).text(), "hello, you");
        let mut names: Vec<_> = hub
            .workers()
            .iter()
            .map(|worker| worker.json["instance"].as_str().expect("a name").to_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["worker.1", "worker.2", "worker.3"]);
    });
}

#[test]
fn without_anything_to_serve_it_says_so() {
    light("without_anything_to_serve_it_says_so", || {
        let (code, said) = Hub::builder().serve(&[]).start_in_vain();
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("nothing to serve"), "{said}");
    });
}

/// Goal: mistakes are told before anything starts.
#[test]
fn a_table_that_cannot_be_is_told_where_it_is() {
    light("a_table_that_cannot_be_is_told_where_it_is", || {
        for (text, words) in [
            ("[[worker]]\nname = \"a\"\n", "there is no command"),
            ("[[worker]]\ncommand = \"x\"\n", "there is no name"),
            ("[[worker]]\nname = \"a\"\ncommand = \"'x\"\n", "ends inside quotation marks"),
            ("[[worker]]\nname = \"a\"\ncommand = \"x\"\ncpus = \"1-0\"\n", "list of processors"),
            ("[[worker]]\nname = \"a\"\ncommand = \"x\"\nuser = \"no-such-user\"\n", "no user"),
            ("[[worker]]\nname = \"a\"\ncommand = \"x\"\nstop-signal = \"9\"\n", "\"TERM\""),
        ] {
            let text = format!("listen = [\"127.0.0.1:0\"]\n{text}");
            let (code, said) = Hub::builder().serve(&[]).config(&text).start_in_vain();
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(words), "{words}: {said}");
        }
    });
}

#[test]
fn restart_and_scale_tell_what_they_did() {
    light("restart_and_scale_tell_what_they_did", || {
        // From the second attempt on it does not serve.
        let script = "mkdir first && exec \"$WORKER\"; exec sleep 1000";
        let dir = slotway_tests::PrivateDir::new();
        let directory = format!("directory = {:?}\n", dir.path());
        let once = format!("{}{directory}ready-timeout = \"700ms\"\n", shell(script));
        let tables = worker("api", &command(Flavor::Rust, &[])) + &worker("once", &once);
        let rig = Rig::start(&tables);
        let before = rig.wait_ready("api", 1);
        let kept = rig.wait_ready("once", 1);

        let output = slotway(&rig.hub, &["scale", "api", "2"]);
        assert_eq!(said(&output), "api: from 1 to 2\n");
        assert_eq!(rig.wait_ready("api", 2)[0], before[0]);
        let output = slotway(&rig.hub, &["restart", "api.1"]);
        assert_eq!(said(&output), "api: restarted api.1\n");
        assert_ne!(rig.wait_ready("api", 2)[0], before[0]);

        let output = slotway(&rig.hub, &["restart", "once"]);
        assert_eq!(output.status.code(), Some(1));
        let words = "once.1 did not serve within 700ms; the old process goes on";
        assert!(said(&output).contains(words), "{}", said(&output));
        assert_eq!(rig.wait_ready("once", 1), kept, "it was left alone");

        let output = slotway(&rig.hub, &["restart", "nobody"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("there is api, once"), "{}", said(&output));
        let output = slotway(&rig.hub, &["scale", "api", "5000"]);
        assert!(said(&output).contains("ask for 0 to 1024"), "{}", said(&output));
    });
}
