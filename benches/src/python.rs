//! Python: the same application on Slotway, Granian, uvicorn and gunicorn, with one worker
//! process each.

mod environment;

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::contest::{self, Contestant, Kind, Standing, Start};
use crate::report::Report;
use crate::rig::{Load, Quantity, Request, Server, free_port};
use environment::Environment;

/// Where the applications are.
const APPLICATIONS: &str = "benches/python";

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let environment = Environment::prepare()?;
    contest::run(report, "Python, 32 connections", &kinds(&environment))
}

fn kinds(environment: &Environment) -> Vec<Kind> {
    let app = |name| environment.slotway(&["-m", "slotway", name]);
    let granian = |interface, name| environment.granian("granian", interface, name);
    let kind = |name, what, contestants| Kind {
        name,
        what,
        load: Load { request: Request::Get("/"), connections: 32, seconds: 2 },
        leading: Quantity::Rate,
        contestants,
    };
    vec![
        kind(
            "python.native",
            "a plain function, Granian's RSGI",
            vec![
                environment.slotway(&["native.py"]),
                environment.granian("granian_rsgi", "rsgi", "plain:rsgi"),
            ],
        ),
        kind(
            "python.asgi",
            "ASGI",
            vec![
                app("plain:asgi"),
                granian("asgi", "plain:asgi"),
                environment.uvicorn("plain:asgi"),
            ],
        ),
        kind(
            "python.wsgi",
            "WSGI",
            vec![
                app("plain:wsgi"),
                granian("wsgi", "plain:wsgi"),
                environment.gunicorn("plain:wsgi"),
            ],
        ),
        kind(
            "python.fastapi",
            "FastAPI",
            vec![
                app("with_fastapi:app"),
                granian("asgi", "with_fastapi:app"),
                environment.uvicorn("with_fastapi:app"),
            ],
        ),
        kind(
            "python.flask",
            "Flask",
            vec![
                app("with_flask:app"),
                granian("wsgi", "with_flask:app"),
                environment.gunicorn("with_flask:app"),
            ],
        ),
    ]
}

impl Environment {
    /// A command of the environment's Python, run where the applications are.
    fn python(&self, arguments: &[&str]) -> Recipe {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Recipe { python: self.python.clone(), arguments }
    }

    fn slotway(&self, arguments: &[&str]) -> Contestant {
        let recipe = self.python(arguments);
        Contestant::slotway(move || recipe.command(&[]))
    }

    fn granian(&self, short: &'static str, interface: &str, name: &str) -> Contestant {
        let options = ["--interface", interface, "--workers", "1", "--no-ws", "--no-log"];
        let recipe = self.python(&[&["-m", "granian", name], &options[..]].concat());
        let start = listening(recipe, |port| vec!["--port".to_owned(), port]);
        Contestant { short, label: "Granian", start }
    }

    fn uvicorn(&self, name: &str) -> Contestant {
        let options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log"];
        let recipe = self.python(&[&["-m", "uvicorn", name], &options[..]].concat());
        let start = listening(recipe, |port| vec!["--port".to_owned(), port]);
        Contestant { short: "uvicorn", label: "uvicorn", start }
    }

    fn gunicorn(&self, name: &str) -> Contestant {
        let recipe = self.python(&["-m", "gunicorn", name]);
        let start =
            listening(recipe, |port| vec!["--bind".to_owned(), format!("127.0.0.1:{port}")]);
        Contestant { short: "gunicorn", label: "gunicorn", start }
    }
}

/// What is run, without what differs from start to start.
struct Recipe {
    python: PathBuf,
    arguments: Vec<String>,
}

impl Recipe {
    fn command(&self, more: &[String]) -> Command {
        let mut command = Command::new(&self.python);
        command
            .args(&self.arguments)
            .args(more)
            .current_dir(APPLICATIONS)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("PYTHONPATH")
            .stderr(Stdio::null());
        command
    }
}

/// A server that listens by itself, on a port that `options` tell it.
fn listening(recipe: Recipe, options: fn(String) -> Vec<String>) -> Start {
    Box::new(move |_| {
        let port = free_port()?;
        let server = Server::family(&mut recipe.command(&options(port.to_string())))?;
        Ok(Standing { address: format!("127.0.0.1:{port}"), servers: vec![server] })
    })
}
