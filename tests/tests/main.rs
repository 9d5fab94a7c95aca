//! Black-box cases: hubs and workers as real processes, spoken to through real sockets.

mod control_socket;
mod echo;
mod hostile;
mod start;
