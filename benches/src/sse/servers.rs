//! Who is measured.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::rig::{self, Folder, built, free_port};

/// The module, where Debian has it.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// How events get there.
pub(super) enum Form {
    /// One request, a line for each event, perhaps on a Unix socket of its own.
    Lines(Option<String>),
    /// A request for each, one behind the other.
    Posts,
}

/// A server that stands.
pub(super) struct Server {
    pub(super) short: &'static str,
    pub(super) label: &'static str,
    pub(super) address: String,
    /// Where clients listen.
    pub(super) path: &'static str,
    /// Where events are published.
    pub(super) publish: String,
    pub(super) form: Form,
    _process: rig::Server,
}

pub(super) type Start = fn(&Folder) -> io::Result<Server>;

/// All of them, Slotway first.
pub(super) fn all() -> [Start; 3] {
    [slotway, axum, nchan]
}

fn slotway(folder: &Folder) -> io::Result<Server> {
    let (config, admin) = (folder.join("sse.toml"), folder.join("sse-admin.sock"));
    fs::write(&config, "[events]\npath = \"/events\"\ntopics = [\"#\"]\n")?;
    // The hub before has left its sockets, or is about to.
    let control = folder.join(&format!("sse-{}.sock", free_port()?));
    let admin = format!("{admin}-{}", free_port()?);
    let mut command = Command::new(built("slotway")?);
    command.args(["hub", "--config", &config, "--listen", "127.0.0.1:0", "--threads", "1"]).args([
        "--control",
        &control,
        "--admin",
        &admin,
        "--log",
        "error",
    ]);
    let (process, address) = rig::Server::announced(&mut command, "http://")?;
    Ok(Server {
        short: "slotway",
        label: "Slotway",
        address,
        path: "/events?topic=a",
        publish: "/internal/emit".to_owned(),
        form: Form::Lines(Some(admin)),
        _process: process,
    })
}

fn axum(_: &Folder) -> io::Result<Server> {
    let mut command = Command::new(built("plain-axum-sse")?);
    let (process, address) = rig::Server::announced(&mut command, "http://")?;
    Ok(Server {
        short: "axum",
        label: "plain axum, a broadcast",
        address,
        path: "/events",
        publish: "/publish".to_owned(),
        form: Form::Lines(None),
        _process: process,
    })
}

fn nchan(folder: &Folder) -> io::Result<Server> {
    if !Path::new(NCHAN).exists() {
        return Err(io::Error::other("nchan is not there; apt-get install libnginx-mod-nchan"));
    }
    let (port, root) = (free_port()?, folder.join("nchan"));
    fs::create_dir_all(&root)?;
    let config = format!("{root}/nginx.conf");
    fs::write(
        &config,
        format!(
            "load_module {NCHAN};\ndaemon off;\nworker_processes 1;\npid {root}/pid;\n\
             error_log stderr crit;\nworker_rlimit_nofile 16384;\n\
             events {{ worker_connections 8192; }}\n\
             http {{\n  access_log off;\n  keepalive_requests 1000000000;\n  tcp_nodelay on;\n  \
             client_body_temp_path {root}/body;\n  proxy_temp_path {root}/proxy;\n  \
             fastcgi_temp_path {root}/fastcgi;\n  uwsgi_temp_path {root}/uwsgi;\n  \
             scgi_temp_path {root}/scgi;\n  nchan_shared_memory_size 256M;\n  server {{\n    \
             listen 127.0.0.1:{port} backlog=4096;\n    location = /publish {{\n      \
             nchan_publisher;\n      nchan_channel_id a;\n      nchan_message_buffer_length \
             4096;\n      nchan_message_timeout 60s;\n    }}\n    location = /events {{\n      \
             nchan_subscriber eventsource;\n      nchan_channel_id a;\n      \
             nchan_subscriber_first_message newest;\n    }}\n  }}\n}}\n"
        ),
    )?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.args(["-p", &root, "-c", &config]).stderr(Stdio::null());
    let process = rig::Server::family(&mut command)?;
    let address = format!("127.0.0.1:{port}");
    wait_for_port(&address)?;
    Ok(Server {
        short: "nchan",
        label: "nginx with nchan",
        address,
        path: "/events",
        publish: "/publish".to_owned(),
        form: Form::Posts,
        _process: process,
    })
}

fn wait_for_port(address: &str) -> io::Result<()> {
    for _ in 0..2_000 {
        if std::net::TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Err(io::Error::other("nginx does not listen"))
}
