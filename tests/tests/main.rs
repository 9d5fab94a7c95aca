//! Black-box cases: hubs and workers as real processes, spoken to through real sockets.

mod abuse;
mod answers;
mod control_socket;
mod death;
mod disconnects;
mod echo;
mod edges;
mod event_loop;
mod fake_hub;
mod h2;
mod half_close;
mod health;
mod hostile;
mod idle;
mod leaving;
mod limits;
mod listeners;
mod memory;
mod probe;
mod reload;
mod rfc9112;
mod rolling;
mod start;
mod tls;
mod valgrind;
mod waiting;
