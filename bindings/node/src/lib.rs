//! The native part of the Node package slotway: a connection and its exchanges, as functions.
//!
//! It is coarse and thin. A request is a number here, which names an exchange in a table
//! (`table`); what is asked of it is one call of a function, and what nearly every handler does
//! with it, to take it and to answer it, are two. Everything that can be said in JavaScript is
//! said there, in `lib`, which also keeps whoever has been answered from being asked again.
//!
//! What keeps JavaScript from seeing bytes that are not its own any more:
//!
//! - N1 The slot's memory is looked at only within one call, under a borrow of the table, and
//!   what is given out of it is a copy. So nothing of it outlives the answer.
//! - N2 While the table is borrowed no code of JavaScript runs: arguments are taken apart
//!   before, values are made of copies after.
//!
//! Copies are what Node makes cheapest of most bodies (`body` has the figures).

mod answer;
mod args;
mod body;
mod call;
mod calling;
mod core;
mod env;
mod error;
mod events;
mod exports;
mod head;
mod log;
mod names;
mod options;
mod poll;
mod promise;
mod publish;
mod push;
mod read;
mod receive;
mod registrations;
mod table;
mod uv;
