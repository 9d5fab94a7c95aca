//! The conformance worker in Rust. Its twin in C is `tests/c/worker.c`; a case runs
//! against both, so both answer every route in the same way.
//!
//! | route | what it does |
//! |---|---|
//! | `GET /hello/{name}` | says hello |
//! | `* /echo` | streams the body back, and every `x-` header, in order |
//! | `GET /headers` | every header of the request as a line; repeats and raw bytes in the answer |
//! | `GET /target/{first}/{*rest}` | method, path, query, route and parameters, a line each |
//! | `GET /download/{bytes}` | a stream of so many bytes of the pattern, its length not declared |
//! | `GET /sized/{bytes}` | the same with its length declared |
//! | `GET /inplace/{bytes}` | the same, written in place, in one piece |
//! | `GET /big-head/{bytes}` | a head of about so many bytes |
//! | `POST /slow-read/{ms}` | reads the body in pieces with pauses; answers with its length |
//! | `GET /sleep/{ms}` | answers after a while, or as soon as it is cancelled |
//! | `GET /late/{ms}/{id}` | answers after a while, cancelled or not, and prints what came of it |
//! | `GET /wait-cancelled/{id}` | waits until it is cancelled, and prints so |
//! | `GET /panic` | panics; in C: gives the request up without an answer |
//! | `GET /abort/{bytes}` | breaks its answer off after so many bytes |
//! | `GET /bad/{kind}` | tries an answer that cannot be, and prints the error |
//! | `GET /twice` | answers twice, and prints the second error |
//! | `GET /die` | `kill -9` of its own process |
//! | `GET /pid` | the process id |
//! | `GET /sse/{room}` | a stream; `?refuse=` and a status refuses, `?hello=` and a text is pushed before it is accepted; prints who comes and goes |
//! | `POST /push` | pushes the body to the `?path=` or the `?connection=`; answers with the push's status |

mod args;
mod routes;
mod streams;

use std::process::ExitCode;

use slotway::{Options, Worker};

fn main() -> ExitCode {
    let args = args::Args::parse();
    let mut options = Options::new();
    if let Some(hub) = args.hub {
        options = options.hub(hub);
    }
    let mut worker = Worker::new(&args.name).options(options).threads(args.threads);
    if let Some(most) = args.max_concurrent {
        worker = worker.max_concurrent(most);
    }
    for (method, pattern, handler) in routes::ROUTES {
        let pattern = format!("{}{pattern}", args.prefix);
        worker = worker.route(method, &pattern, move |request: &mut slotway::Request| {
            routes::answer(handler, request)
        });
    }
    let pattern = format!("{}/sse/{{room}}", args.prefix);
    let worker = worker.sse(&pattern, streams::connect, streams::disconnect);
    match worker.post(&format!("{}/push", args.prefix), streams::push).run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("worker: {} {error}", error.code());
            ExitCode::FAILURE
        }
    }
}
