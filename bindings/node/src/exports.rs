//! What the module gives to JavaScript; `native.d.ts` has it in the words of TypeScript.

use std::panic::catch_unwind;
use std::rc::Rc;

use napi_sys as sys;
use slotway_core::RegionSpec;

use crate::call::{Call, callbacks, function};
use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::{Result, use_class};
use crate::log;
use crate::names;
use crate::receive;

/// What calls of the module itself find: nothing.
struct Module;

mod module {
    use super::{Module, callbacks};

    callbacks!(Module:
        open => super::open,
        listen => super::listen,
        use_class => super::take_class,
        check_topics => super::check_topics,
    );
}

mod connection {
    use crate::core::Core;
    use crate::{
        answer, body, call::callbacks, calling, head, publish, push, read, receive, registrations,
    };

    callbacks!(Core:
        take => Core::take,
        notices => Core::notices,
        begin => Core::begin,
        end => Core::end,
        hold => Core::hold,
        wait_live => Core::wait_live,
        wait_closed => Core::wait_closed,
        begin_shutdown => Core::begin_shutdown,
        begin_close => Core::begin_close,
        connected => Core::connected,
        add => registrations::add,
        withdraw => registrations::withdraw,
        standing => registrations::standing,
        metrics => registrations::metrics,
        in_hand => Core::in_hand,
        head => head::head,
        method => read::method,
        path => read::path,
        target => read::target,
        query => read::query,
        route => read::route,
        params => read::params,
        header => read::header,
        content_length => read::content_length,
        version => read::version,
        peer => read::peer,
        body => body::body,
        text => body::text,
        read => body::read,
        at_end => body::at_end,
        respond => answer::respond,
        start => answer::start,
        write => answer::write,
        flush => answer::flush,
        finish => answer::finish,
        abort => answer::abort,
        drop => answer::drop,
        is_open => answer::is_open,
        started => answer::started,
        cancelled => answer::cancelled,
        watch => answer::watch,
        time_left => answer::time_left,
        publish => publish::publish,
        room => publish::room,
        refusals => publish::refusals,
        subscribe => receive::subscribe,
        unsubscribe => receive::unsubscribe,
        live => receive::live,
        receive => receive::receive,
        push => push::push,
        pushed => push::pushed,
        call => calling::call,
        outcome => calling::outcome,
        hang_up => calling::hang_up,
    );
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// The functions of a connection, by their names.
const CONNECTION: [(&str, Callback); 54] = [
    ("take", connection::take),
    ("notices", connection::notices),
    ("begin", connection::begin),
    ("end", connection::end),
    ("hold", connection::hold),
    ("waitLive", connection::wait_live),
    ("waitClosed", connection::wait_closed),
    ("beginShutdown", connection::begin_shutdown),
    ("beginClose", connection::begin_close),
    ("connected", connection::connected),
    ("add", connection::add),
    ("withdraw", connection::withdraw),
    ("standing", connection::standing),
    ("metrics", connection::metrics),
    ("inHand", connection::in_hand),
    ("head", connection::head),
    ("method", connection::method),
    ("path", connection::path),
    ("target", connection::target),
    ("query", connection::query),
    ("route", connection::route),
    ("params", connection::params),
    ("header", connection::header),
    ("contentLength", connection::content_length),
    ("version", connection::version),
    ("peer", connection::peer),
    ("body", connection::body),
    ("text", connection::text),
    ("read", connection::read),
    ("atEnd", connection::at_end),
    ("respond", connection::respond),
    ("start", connection::start),
    ("write", connection::write),
    ("flush", connection::flush),
    ("finish", connection::finish),
    ("abort", connection::abort),
    ("drop", connection::drop),
    ("open", connection::is_open),
    ("started", connection::started),
    ("cancelled", connection::cancelled),
    ("watch", connection::watch),
    ("timeLeft", connection::time_left),
    ("publish", connection::publish),
    ("room", connection::room),
    ("refusals", connection::refusals),
    ("subscribe", connection::subscribe),
    ("unsubscribe", connection::unsubscribe),
    ("live", connection::live),
    ("receive", connection::receive),
    ("push", connection::push),
    ("pushed", connection::pushed),
    ("call", connection::call),
    ("outcome", connection::outcome),
    ("hangUp", connection::hang_up),
];

const MODULE: [(&str, Callback); 4] = [
    ("open", module::open),
    ("listen", module::listen),
    ("useClass", module::use_class),
    ("checkTopics", module::check_topics),
];

/// `open(registrations, options)`: begins to connect; gives the connection's functions.
fn open<'e>(call: Call<'e>, _: &Module) -> Result<Value<'e>> {
    let core = Core::open(call.env, call.argument(0), call.argument(1))?;
    let object = call.env.object()?;
    for (name, callback) in CONNECTION {
        // SAFETY: these callbacks are defined for a `Core`.
        let function = unsafe { function(call.env, name, callback, &core) }?;
        call.env.set(object, name, function)?;
    }
    Ok(object)
}

/// `listen(level, function)`: who hears the log.
fn listen<'e>(call: Call<'e>, _: &Module) -> Result<Value<'e>> {
    log::listen(call.env, call.int(0)?, call.argument(1))?;
    call.env.undefined()
}

/// `useClass(class)`: what errors are made of.
fn take_class<'e>(call: Call<'e>, _: &Module) -> Result<Value<'e>> {
    use_class(call.env, call.argument(0))?;
    call.env.undefined()
}

/// `checkTopics(patterns, options)`: throws what `subscribe` would.
fn check_topics<'e>(call: Call<'e>, _: &Module) -> Result<Value<'e>> {
    receive::topics(call.env, call.argument(0), call.argument(1))?;
    call.env.undefined()
}

fn strings<'e>(env: Env<'e>, texts: &[&str]) -> Result<Value<'e>> {
    let array = env.array(texts.len())?;
    for (index, text) in texts.iter().enumerate() {
        env.set_element(array, index as u32, env.text(text)?)?;
    }
    Ok(array)
}

fn fill<'e>(env: Env<'e>, exports: Value<'e>) -> Result<()> {
    let module = Rc::new(Module);
    for (name, callback) in MODULE {
        // SAFETY: these callbacks are defined for a `Module`.
        let function = unsafe { function(env, name, callback, &module) }?;
        env.set(exports, name, function)?;
    }
    env.set(exports, "version", env.text(env!("CARGO_PKG_VERSION"))?)?;
    env.set(exports, "slots", env.int(RegionSpec::default().slots as i32)?)?;
    env.set(exports, "methods", strings(env, &names::METHODS)?)?;
    env.set(exports, "names", strings(env, &names::HEADERS)?)
}

/// Node calls this when it loads the module.
///
/// # Safety
///
/// Node's contract for modules: environment and object are valid.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    // SAFETY: Node calls on the interpreter's thread, in a scope.
    let env = unsafe { Env::from_raw(env) };
    // SAFETY: as above.
    let object = unsafe { Value::from_raw(exports) };
    if let Ok(Err(failure)) = catch_unwind(|| fill(env, object)) {
        failure.throw(env);
    }
    exports
}

/// The version of Node's interface that this wants.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}
