//! Node: handlers of Slotway's own and applications of Fastify and Express, on Slotway and on
//! node:http, with one process each.

mod project;

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::contest::{self, Contestant, Kind, Standing, Start};
use crate::report::Report;
use crate::rig::{Load, Quantity, Request, Server, free_port};
use project::Project;

const HELLO: Request = Request::Get("/");
const ECHO: Request = Request::Json(4 << 10);

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let project = Project::prepare()?;
    contest::run(report, "Node, 32 connections", &kinds(&project))
}

fn kinds(project: &Project) -> Vec<Kind> {
    let kind = |name, what, request, contestants| Kind {
        name,
        what,
        load: Load { request, connections: 32, seconds: 2 },
        leading: Quantity::Rate,
        contestants,
    };
    let native = || vec![project.slotway(&["native.js"]), project.alone("http.js")];
    let framework = |name: &str| {
        vec![project.slotway(&["node_modules/.bin/slotway", name]), project.alone(name)]
    };
    let mut one = kind("node.native.c1", "a handler, 1 connection", HELLO, native());
    one.load.connections = 1;
    one.leading = Quantity::P50;
    vec![
        kind("node.native", "a handler", HELLO, native()),
        one,
        kind("node.fastify", "Fastify", HELLO, framework("with_fastify.js")),
        kind("node.express", "Express", HELLO, framework("with_express.js")),
        kind("node.native.echo4k", "a handler, 4 KiB of JSON", ECHO, native()),
        kind("node.fastify.echo4k", "Fastify, 4 KiB of JSON", ECHO, framework("with_fastify.js")),
        kind("node.express.echo4k", "Express, 4 KiB of JSON", ECHO, framework("with_express.js")),
    ]
}

impl Project {
    /// A worker, by a command of Node's.
    fn slotway(&self, arguments: &[&str]) -> Contestant {
        let recipe = self.recipe(arguments);
        Contestant::slotway(move || recipe.command())
    }

    /// An application that listens by itself.
    fn alone(&self, name: &str) -> Contestant {
        let recipe = self.recipe(&[name]);
        let start: Start = Box::new(move |_| {
            let port = free_port()?;
            let server = Server::start(recipe.command().env("PORT", port.to_string()))?;
            Ok(Standing { address: format!("127.0.0.1:{port}"), servers: vec![server] })
        });
        Contestant { short: "http", label: "node:http", start }
    }

    fn recipe(&self, arguments: &[&str]) -> Recipe {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Recipe { folder: self.folder.clone(), arguments }
    }
}

/// What Node is told to run.
struct Recipe {
    folder: PathBuf,
    arguments: Vec<String>,
}

impl Recipe {
    fn command(&self) -> Command {
        let mut command = Command::new("node");
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env("NODE_ENV", "production")
            .env_remove("PORT")
            .stderr(Stdio::null());
        command
    }
}
