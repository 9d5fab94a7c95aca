//! Black-box cases: hubs and workers as real processes, spoken to through real sockets.

mod answers;
mod control_socket;
mod death;
mod echo;
mod hostile;
mod start;
mod waiting;
