//! `slotway serve`: real programs, started, lost, replaced and ended.

mod commands;
mod ends;
mod lifecycle;
mod rig;
mod rolling;
mod scaling;
mod settings;
