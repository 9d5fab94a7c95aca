use super::*;

fn program(name: &str) -> Program {
    Program { name: name.to_owned(), command: vec!["./x".to_owned()], ..Program::default() }
}

#[track_caller]
fn faults(programs: &[Program]) -> Vec<String> {
    let mut faults = Faults::default();
    check(programs, &mut faults);
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn processors_are_written_as_lists_and_ranges() {
    for (text, numbers, back) in [
        ("0", &[0][..], "0"),
        ("0-1,3", &[0, 1, 3], "0-1,3"),
        ("3, 1,2 ,1", &[1, 2, 3], "1-3"),
        ("1023", &[1023], "1023"),
    ] {
        let cpus: Cpus = text.parse().unwrap();
        assert_eq!((cpus.numbers(), &*cpus.to_string()), (numbers, back), "{text}");
    }
    for text in ["", "a", "1-", "-1", "2-1", "1024", "0,,1", "+1", "0-1-2", "1.5"] {
        assert!(text.parse::<Cpus>().is_err(), "{text}");
    }
}

#[test]
fn a_signal_has_its_name_with_or_without_sig() {
    for (name, signal) in SIGNAL_NAMES {
        assert_eq!(name.parse::<StopSignal>().unwrap().signal(), signal);
        assert_eq!(format!("SIG{name}").parse::<StopSignal>().unwrap().to_string(), name);
    }
    for text in ["", "SIG", "term", "9", "STOP"] {
        assert!(text.parse::<StopSignal>().is_err(), "{text}");
    }
}

const SIGNAL_NAMES: [(&str, rustix::process::Signal); 3] = [
    ("TERM", rustix::process::Signal::TERM),
    ("INT", rustix::process::Signal::INT),
    ("USR1", rustix::process::Signal::USR1),
];

#[test]
fn what_cannot_be_is_named() {
    assert_eq!(faults(&[program("a"), program("b")]), <[&str; 0]>::default());
    type Change = fn(&mut Program);
    let cases: [(Change, &str); 13] = [
        (|p| p.name = "a b".to_owned(), "worker[0].name: \"a b\""),
        (|p| p.name = "a".repeat(101), "worker[0].name: it has 101 bytes"),
        (|p| p.name = "a.2".to_owned(), "write \"a-2\""),
        (|p| p.command.clear(), "worker[0].command: there is nothing to run"),
        (|p| p.command[0].clear(), "worker[0].command: the program has no name"),
        (|p| p.command.push("\0".to_owned()), "worker[0].command: a byte of zero"),
        (|p| p.instances = 0, "worker[0].instances: 0 is too low"),
        (|p| p.max = Some(2000), "worker[0].max: 2000 is too high"),
        (|p| p.min = Some(2), "worker[0].min: 2 is more than instances, which is 1"),
        (|p| (p.instances, p.max) = (3, Some(2)), "worker[0].max: 2 is less than instances"),
        (|p| p.max_requests = Some(0), "worker[0].max-requests: 0 is too low"),
        (|p| p.max_requests_jitter = 5, "worker[0].max-requests-jitter: there is no"),
        (|p| p.crash_window = Duration::ZERO, "worker[0].crash-window: 0 is no time"),
    ];
    for (change, words) in cases {
        let mut wrong = program("a");
        change(&mut wrong);
        let said = faults(&[wrong]);
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:?}");
    }
    let mut wrong = program("a");
    wrong.environment.insert("A=B".to_owned(), String::new());
    assert!(faults(&[wrong])[0].contains("\"A=B\" cannot be a variable"));
    let twice = faults(&[program("a"), program("a")]);
    assert!(twice[0].contains("worker[1].name: \"a\" is there twice"), "{twice:?}");
}

#[test]
fn the_load_decides_between_min_and_max() {
    let mut scaled = program("a");
    assert_eq!((scaled.bounds(), scaled.scales()), ((1, 1), false));
    (scaled.instances, scaled.max) = (2, Some(4));
    assert_eq!((scaled.bounds(), scaled.scales()), ((2, 4), true));
    scaled.min = Some(1);
    assert_eq!(scaled.bounds(), (1, 4));
}
