use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

/// The command and its number, as the whole command line says.
fn told(line: &str) -> Result<(String, u32), String> {
    let all = words(line);
    let parsed = <crate::cli::Cli as clap::Parser>::try_parse_from(&all);
    let crate::cli::Command::Serve(args) = parsed.map_err(|error| error.to_string())?.command
    else {
        panic!("{line}")
    };
    let escaped = is_escaped(&all, args.command.len());
    let crew = crew(args.command, args.instances, args.name, escaped)?;
    let program = crew.program.ok_or("no program")?;
    Ok((program.command.join(" "), program.instances))
}

#[test]
fn the_number_of_instances_may_come_before_the_command_or_at_its_end() {
    for (line, command, instances) in [
        ("slotway serve python -m slotway app:app", "python -m slotway app:app", 1),
        ("slotway serve python -m slotway app:app --instances 4", "python -m slotway app:app", 4),
        ("slotway serve python app.py --instances=3", "python app.py", 3),
        ("slotway serve --instances 2 ./worker -v --deep", "./worker -v --deep", 2),
        ("slotway serve --instances 2 -- ./worker --instances 4", "./worker --instances 4", 2),
        ("slotway serve -- ./worker --instances 4", "./worker --instances 4", 1),
        ("slotway serve ./worker --instances 4 -v", "./worker --instances 4 -v", 1),
        ("slotway serve ./worker -- --instances 4", "./worker --", 4),
    ] {
        assert_eq!(told(line), Ok((command.to_owned(), instances)), "{line}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (line, said) in [
        ("slotway serve --instances 2 ./worker --instances 4", "there twice"),
        ("slotway serve ./worker --instances many", "\"many\" is no number"),
        ("slotway serve ./worker --instances=", "\"\" is no number"),
        ("slotway serve --instances 2", "there is none"),
    ] {
        let words = told(line).unwrap_err();
        assert!(words.contains(said), "{line}: {words}");
    }
}

#[test]
fn there_is_something_to_serve() {
    let words = Crew { program: None }.join(&mut Config::default()).unwrap_err();
    assert!(words.contains("nothing to serve"), "{words}");
    let worker = |name: &str| crew(words_of("./worker"), None, name.to_owned(), false).unwrap();
    let mut config = Config::default();
    worker("a").join(&mut config).unwrap();
    assert_eq!(config.programs.len(), 1);
    let twice = worker("a").join(&mut config).unwrap_err();
    assert!(twice.contains("\"a\" is there twice"), "{twice}");
    let wrong = worker("a b").join(&mut Config::default()).unwrap_err();
    assert!(wrong.contains("worker[0].name"), "{wrong}");
}

fn words_of(text: &str) -> Vec<OsString> {
    words(text)
}
