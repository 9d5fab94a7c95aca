//! Serves the files of a directory, with their types, lengths and entity tags.
//!
//! `cargo run -p slotway --example site -- DIRECTORY [PREFIX]`, then open
//! <http://127.0.0.1:8080/> (or the prefix).

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use slotway::{BodyWriter, Request, Response, Worker};

fn main() -> slotway::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let prefix = arguments.next().unwrap_or_default();
    let root = directory.clone();
    Worker::new("site")
        .get(&format!("{prefix}/"), move |request: &mut Request| {
            answer(request, &root, "index.html")
        })
        .get(&format!("{prefix}/{{*path}}"), move |request: &mut Request| {
            let path = request.param("path").unwrap_or_default().to_owned();
            answer(request, &directory, &path)
        })
        .run()
}

fn answer(request: &Request, directory: &Path, path: &str) -> Response {
    let path = Path::new(path);
    // `..` and absolute paths lead out of the directory.
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Response::new(404).body("no such file\n");
    }
    let (file, length, tag) = match open(&directory.join(path)) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Response::new(404).body("no such file\n");
        }
        Err(error) => return Response::new(500).body(format!("{error}\n")),
    };
    let response = Response::new(200).header("etag", &tag).header("cache-control", "no-cache");
    if request.header("if-none-match") == Some(&*tag) {
        return response.status(304);
    }
    response
        .header("content-type", content_type(path))
        .header("content-length", length.to_string())
        .streamed(move |body| send(file, body))
}

/// The file, its length and its tag, which changes with length and time.
fn open(path: &Path) -> io::Result<(File, u64, String)> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(ErrorKind::NotFound.into());
    }
    let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", about.len(), modified.as_nanos());
    Ok((file, about.len(), tag))
}

fn send(mut file: File, body: &mut BodyWriter<'_>) -> io::Result<()> {
    io::copy(&mut file, body).map(drop)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
