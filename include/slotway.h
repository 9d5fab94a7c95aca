/*
 * Slotway: serve HTTP requests from a worker process, through memory that it shares with
 * the hub.
 *
 * PURPOSE. The hub (the program `slotway`) speaks HTTP with clients. A worker, your
 * program, connects to it, names the routes that it serves, and takes requests one by one.
 * A request lies in a slot of a memory region that only the hub and your process have.
 * You read it where it lies and write the answer into the same slot: no socket, no
 * parsing, and between busy sides no system call.
 *
 * LIFECYCLE. slotway_worker_new, _register, _route, _connect; then slotway_worker_next in a
 * loop: read the request, answer it, slotway_request_close. slotway_worker_drain lets
 * requests in hand finish, slotway_worker_close ends it. When the hub dies the worker waits
 * for a new one and connects again by itself; requests in hand are cancelled then. A worker
 * may have many registrations, each of which the hub accepts or refuses by itself; some may
 * come and go while it runs (slotway_worker_add, slotway_worker_withdraw).
 *
 * EVENTS. The hub has a bus: what slotway_worker_publish says about a topic reaches whoever
 * has subscribed to it (slotway_worker_subscribe), in this process or in another, and
 * browsers that may. Published is not delivered: a subscriber that is slow loses events and
 * is told how many. A route with SLOTWAY_ROUTE_SSE gives its clients to the hub, which
 * streams to them what slotway_worker_push says. A worker that only publishes or subscribes
 * registers nothing.
 *
 * ACTIVITIES. A registration may take activities from queues (slotway_worker_queue): each
 * comes as a request, and its answer is its outcome. Any worker calls them
 * (slotway_worker_call), in this process or another, in whatever language they are taken; so
 * does whoever speaks HTTP with the hub, which picks a worker that has room. A call has one
 * outcome: an answer, or an end that says what happened (slotway_call_end). A worker that only
 * calls registers nothing.
 *
 * THREADS. Any thread may call anything, and a worker may be used by any number of threads
 * at the same time. One request is read by one thread at a time and answered by one thread
 * at a time, which may be two; a subscription is received from by one, and a call's outcome
 * by one. An event loop polls slotway_worker_poll_fd instead, one descriptor for requests,
 * events, calls and room for more of them. After fork() the child must not use workers of its
 * parent.
 *
 * OWNERSHIP. What a function gives through a `slotway_worker **`, `slotway_request **`,
 * `slotway_subscription **` or `slotway_calling **` is yours until you close it, once. Views
 * (slotway_view) are never yours: a request's lie in the slot until it is answered or closed,
 * an event's in the library until you receive from its subscription again, a reply's until its
 * call is closed. What you pass in is copied or read before the call comes back. The library
 * never frees your memory, and calls back for nothing but the log, if you want one
 * (slotway_log).
 *
 * ERRORS. What can fail gives a slotway_status: 0, or a negative code that stays what it
 * is. Outputs come last and are written on success only. slotway_last_error() says in a
 * sentence what was wrong with this thread's last call that failed. A handle is not an
 * address but a number that is never used again: NULL, a closed handle, or one that never
 * was gives an error, not a crash. Every function may give SLOTWAY_E_INVALID_ARGUMENT for
 * a NULL that is not said to be fine, and SLOTWAY_E_INTERNAL for a bug of the library.
 * Timeouts are in milliseconds; negative is for ever.
 *
 * Generated from the crate slotway-ffi by `make header`: do not edit.
 */

#ifndef SLOTWAY_H
#define SLOTWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of the library that this header belongs to.
#define SLOTWAY_VERSION "0.1.0"

// Whether the library that this program runs with is one that it can work with.
#define SLOTWAY_ABI_COMPATIBLE() \
    (slotway_abi_version() >> 16 == SLOTWAY_ABI_MAJOR && \
     (slotway_abi_version() & 0xffff) >= SLOTWAY_ABI_MINOR)

// Every option at its default: slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
#define SLOTWAY_WORKER_OPTIONS_INIT \
    {sizeof(slotway_worker_options), 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// Every option at its default.
#define SLOTWAY_REGISTRATION_OPTIONS_INIT {sizeof(slotway_registration_options), 0, NULL}

// Every option at its default.
#define SLOTWAY_QUEUE_OPTIONS_INIT {sizeof(slotway_queue_options), 0}

// To be filled: slotway_metrics metrics = SLOTWAY_METRICS_INIT;
#define SLOTWAY_METRICS_INIT \
    {sizeof(slotway_metrics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// To be filled: slotway_activity activity = SLOTWAY_ACTIVITY_INIT;
#define SLOTWAY_ACTIVITY_INIT \
    {sizeof(slotway_activity), 0, 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT}

// A call of nothing yet: slotway_call call = SLOTWAY_CALL_INIT;
#define SLOTWAY_CALL_INIT \
    {sizeof(slotway_call), 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, \
     SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, 0, 0, 0, 0}

// To be filled: slotway_reply reply = SLOTWAY_REPLY_INIT;
#define SLOTWAY_REPLY_INIT \
    {sizeof(slotway_reply), 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, 0, 0, 0, 0}

// Every option at its default.
#define SLOTWAY_SUBSCRIPTION_OPTIONS_INIT \
    {sizeof(slotway_subscription_options), 0, 0, 0, SLOTWAY_VIEW_INIT, 0}

// An event that says nothing yet: slotway_event event = SLOTWAY_EVENT_INIT;
#define SLOTWAY_EVENT_INIT \
    {sizeof(slotway_event), 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, \
     SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, 0, 0}

// A push that says nothing yet.
#define SLOTWAY_PUSH_INIT \
    {sizeof(slotway_push), 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, NULL, 0, 0, \
     SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, 0, 0}

// To be filled: slotway_sse sse = SLOTWAY_SSE_INIT;
#define SLOTWAY_SSE_INIT {sizeof(slotway_sse), 0, 0}

// A head to be filled: slotway_head head = SLOTWAY_HEAD_INIT;
#define SLOTWAY_HEAD_INIT \
    {sizeof(slotway_head), 0, 0, 0, SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, \
     SLOTWAY_VIEW_INIT, SLOTWAY_VIEW_INIT, 0, 0, 0, 0, 0}

// A view of nothing.
#define SLOTWAY_VIEW_INIT {NULL, 0}

// A view of a string literal, as an initialiser.
#define SLOTWAY_LITERAL(text) {"" text, sizeof(text) - 1}

// A header of string literals: slotway_field type = SLOTWAY_FIELD("accept", "*");
#define SLOTWAY_FIELD(name, value) {SLOTWAY_LITERAL(name), SLOTWAY_LITERAL(value)}


// Major version of the ABI, also the number in the soname. Programs that were built with
// another major version do not work.
#define SLOTWAY_ABI_MAJOR 0

// Minor version of the ABI. It grows when something is added.
#define SLOTWAY_ABI_MINOR 3

// Both in one number: the major version in the upper 16 bits, the minor in the lower.
#define SLOTWAY_ABI_VERSION ((SLOTWAY_ABI_MAJOR << 16) | SLOTWAY_ABI_MINOR)

// Nothing.
#define SLOTWAY_LOG_OFF 0

// What will not come right by itself.
#define SLOTWAY_LOG_ERROR 1

// What somebody may have to look into: the hub is away, a registration was refused.
#define SLOTWAY_LOG_WARN 2

// What a worker does: it connects, registers, drains.
#define SLOTWAY_LOG_INFO 3

// Everything else.
#define SLOTWAY_LOG_DEBUG 4

// Registrations may be added after slotway_worker_connect, with slotway_worker_add, and the
// worker stays connected for them when the hub has refused every other. A flag of
// slotway_worker_options.
#define SLOTWAY_WORKER_HOT_ADD 1

// The request may be sent to another worker when the one that had it died and nothing
// had been sent to the client yet. A flag of slotway_worker_route.
#define SLOTWAY_ROUTE_IDEMPOTENT 1

// Clients that ask for the route stay with the hub, which streams to them (Server-Sent
// Events) what this worker pushes: see slotway_request_sse and slotway_worker_push. The
// method is "GET". A flag of slotway_worker_route.
#define SLOTWAY_ROUTE_SSE 2

// Subscribers that are full are waited for, 50 ms at most for all of them together unless
// the hub is told otherwise, before they lose the event. What this worker publishes next
// waits behind it. A flag of slotway_event.
#define SLOTWAY_EVENT_MUST_DELIVER 1

// The event is the system's own: nobody is its principal. A flag of slotway_event.
#define SLOTWAY_EVENT_SYSTEM 2

// The event is the last of its key: what waits of the key is published before it, and it
// is not held back. A flag of slotway_event.
#define SLOTWAY_EVENT_TERMINAL 4

// Events were lost at this place of a subscription. A flag of slotway_delivery.
#define SLOTWAY_DELIVERY_GAP 1

// There may have been more of them than the gap says. A flag of slotway_delivery.
#define SLOTWAY_DELIVERY_AT_LEAST 2

// To do the activity twice does no more than to do it once: it may be begun again when a
// worker ends with it in its hands or answers with 500 or more, if attempts says so. A flag
// of slotway_call.
#define SLOTWAY_CALL_IDEMPOTENT 1

// The outcome was that of an earlier call with the same key. A flag of slotway_reply.
#define SLOTWAY_REPLY_REPLAYED 1

// The event breaks a rule of the hub's. A reason of slotway_refusal.
#define SLOTWAY_REFUSED_INVALID 1

// The payload is larger than the hub allows. A reason of slotway_refusal.
#define SLOTWAY_REFUSED_TOO_LARGE 2

// The principal has published as many bytes in a second as it may. A reason of
// slotway_refusal.
#define SLOTWAY_REFUSED_QUOTA 3

// The hub shuts down. A reason of slotway_refusal.
#define SLOTWAY_REFUSED_SHUTDOWN 4

// As many keys wait as may. A reason of slotway_refusal.
#define SLOTWAY_REFUSED_KEYS 5

// A queue for each principal in place of one for all, and these are served in turn: a flood
// by one never starves another. A flag of slotway_subscription_options.
#define SLOTWAY_SUBSCRIPTION_ROUTED 1

// When more events come than are kept, those that come are lost and not the oldest. Not
// with SLOTWAY_SUBSCRIPTION_ROUTED. A flag of slotway_subscription_options.
#define SLOTWAY_SUBSCRIPTION_DROP_NEWEST 2

// Only events without a principal. With SLOTWAY_SUBSCRIPTION_ROUTED. A flag of
// slotway_subscription_options.
#define SLOTWAY_SUBSCRIPTION_SYSTEM 4

// The length of a body whose client did not state it.
#define SLOTWAY_LENGTH_UNKNOWN UINT64_MAX

// The request is not about a client of a stream: its route has no SLOTWAY_ROUTE_SSE, or
// it is a HEAD. A value of slotway_sse.what.
#define SLOTWAY_SSE_NOTHING 0

// A client wants the events of the request's path. Answer with 200 to 299 and it gets them;
// with anything else it gets that answer. A value of slotway_sse.what.
#define SLOTWAY_SSE_CONNECT 1

// A client is there already, and the worker that knew it is gone, or drains. Answer as for
// SLOTWAY_SSE_CONNECT; anything but 200 to 299 ends its stream. A value of
// slotway_sse.what.
#define SLOTWAY_SSE_RECONNECT 2

// A client is gone. The answer does not matter. A value of slotway_sse.what.
#define SLOTWAY_SSE_DISCONNECT 3

// The clients' streams end: behind the event, or at once if there is neither data nor a type
// nor an id. A flag of slotway_push.
#define SLOTWAY_PUSH_CLOSE 1

// What a call came to: SLOTWAY_OK, or a negative code. A code is never changed and never
// used again for something else; a library that is newer than this header may give codes
// that are not listed here.
enum slotway_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It worked.
    SLOTWAY_OK = 0,
    // An argument is not acceptable: NULL, out of range, not UTF-8, not a pattern.
    SLOTWAY_E_INVALID_ARGUMENT = -1,
    // The worker was shut down and nothing more will come, or the handle was closed
    // before.
    SLOTWAY_E_CLOSED = -2,
    // The time was over before anything happened.
    SLOTWAY_E_TIMEOUT = -3,
    // Nothing to do now; the poll descriptor tells when there is.
    SLOTWAY_E_AGAIN = -4,
    // The hub refused the worker or a registration; slotway_last_refusal() has its code.
    SLOTWAY_E_REFUSED = -5,
    // What is at the other end of the control socket does not speak the protocol.
    SLOTWAY_E_PROTOCOL = -6,
    // The system refused something.
    SLOTWAY_E_IO = -7,
    // The request has had its one answer already.
    SLOTWAY_E_ALREADY_ANSWERED = -8,
    // The call does not fit what was done before.
    SLOTWAY_E_OUT_OF_ORDER = -9,
    // Something is larger than its place.
    SLOTWAY_E_TOO_LARGE = -10,
    // Nobody waits for the answer any more: the client went away or the deadline passed.
    SLOTWAY_E_CANCELLED = -11,
    // The hub that sent the request is gone; an answer would go nowhere.
    SLOTWAY_E_HUB_GONE = -12,
    // The client broke the request's body off.
    SLOTWAY_E_BODY_ABORTED = -13,
    // The response's body has another length than its content-length says.
    SLOTWAY_E_BODY_LENGTH = -14,
    // The status or a header cannot be part of a response.
    SLOTWAY_E_INVALID_HEAD = -15,
    // A bug of this library. Nothing that the program did is at fault.
    SLOTWAY_E_INTERNAL = -16,
    // No worker has answered a call; its end says why.
    SLOTWAY_E_CALL = -17,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum slotway_status slotway_status;
#else
typedef int32_t slotway_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How a call ended: slotway_last_call_end() tells it after SLOTWAY_E_CALL. A code is never
// changed and never used again for something else.
enum slotway_call_end
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A worker has answered.
    SLOTWAY_END_ANSWERED = 0,
    // No worker has ever taken anything from the queue.
    SLOTWAY_END_NO_QUEUE = 1,
    // No worker of the queue takes such activities.
    SLOTWAY_END_NO_ACTIVITY = 2,
    // As many wait for the queue as may; slotway_last_retry_after_ms() says when to try again.
    SLOTWAY_END_QUEUE_FULL = 3,
    // No worker had room for it in time.
    SLOTWAY_END_WAIT_TIMEOUT = 4,
    // The worker did not answer in time.
    SLOTWAY_END_DEADLINE = 5,
    // The worker ended with the activity in its hands.
    SLOTWAY_END_WORKER_GONE = 6,
    // The worker's answer is none, or longer than one may be.
    SLOTWAY_END_BAD_ANSWER = 7,
    // The key was used for something else.
    SLOTWAY_END_KEY_REUSED = 8,
    // The call itself cannot be: a name, a number or its length.
    SLOTWAY_END_BAD_CALL = 9,
    // There is no memory for it now.
    SLOTWAY_END_NO_MEMORY = 10,
    // The hub shuts down.
    SLOTWAY_END_SHUTTING_DOWN = 11,
    // An end of a hub that is newer than this library.
    SLOTWAY_END_OTHER = 255,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum slotway_call_end slotway_call_end;
#else
typedef int32_t slotway_call_end;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How a registration stands. A value of slotway_metrics.state.
enum slotway_registration_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // The hub has not said anything about it, or is away.
    SLOTWAY_REGISTRATION_PENDING = 0,
    // It waits until somebody at the hub approves it.
    SLOTWAY_REGISTRATION_WAITING = 1,
    // Its routes and queues are open.
    SLOTWAY_REGISTRATION_LIVE = 2,
    // It was withdrawn and finishes what is in hand.
    SLOTWAY_REGISTRATION_WITHDRAWING = 3,
    // The hub refused it. What may be another answer later is offered again by itself.
    SLOTWAY_REGISTRATION_REFUSED = 4,
    // It was withdrawn and is gone.
    SLOTWAY_REGISTRATION_WITHDRAWN = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum slotway_registration_state slotway_registration_state;
#else
typedef int32_t slotway_registration_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Why a registration, or the connection while it was live, ended. A value of
// slotway_metrics.last_disconnect and .ending. A number is never changed and never used again
// for something else; a library that is newer than this header may give numbers that are not
// listed here.
enum slotway_ending
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It has not.
    SLOTWAY_ENDING_NONE = 0,
    // This side shut down.
    SLOTWAY_ENDING_SHUTDOWN = 1,
    // This side withdrew it.
    SLOTWAY_ENDING_WITHDRAWN = 2,
    // The hub refused it.
    SLOTWAY_ENDING_REFUSED = 3,
    // A newer generation serves instead.
    SLOTWAY_ENDING_REPLACED = 4,
    // The hub closed the connection, or is gone.
    SLOTWAY_ENDING_HUB_CLOSED = 5,
    // The hub broke the protocol.
    SLOTWAY_ENDING_PROTOCOL_ERROR = 6,
    // The hub did not answer in time that it is there.
    SLOTWAY_ENDING_HEARTBEAT_TIMEOUT = 7,
    // There was no hub, or the system refused something.
    SLOTWAY_ENDING_FAILED = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum slotway_ending slotway_ending;
#else
typedef int32_t slotway_ending;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A call that was begun: its outcome, when that is there, and the right to hang up.
typedef struct slotway_calling slotway_calling;

// A request in hand and the duty to answer it. Its two directions may be used by
// different threads at the same time: one that reads the request's body, and one that
// answers; whatever else concerns the request, by any thread.
typedef struct slotway_request slotway_request;

// A subscription: the events of some topics, in the order in which they were published.
typedef struct slotway_subscription slotway_subscription;

// A worker: what it offers, and its connection to the hub. Any number of threads may use
// one at the same time, but for setting it up.
typedef struct slotway_worker slotway_worker;

// Gets one line of the log, without an end of line. text lives during the call.
typedef void (*slotway_log_callback)(uint32_t level, const char *text, void *userdata);

// How a worker reaches its hub and behaves towards it. Begin with
// SLOTWAY_WORKER_OPTIONS_INIT; 0 or NULL in any field means its default.
typedef struct slotway_worker_options {
    // sizeof(slotway_worker_options).
    uint32_t size;
    // Requests in hand at a time, at most; the hub's default (256) otherwise.
    uint32_t slots;
    // The path of the hub's control socket; otherwise what the environment variable
    // SLOTWAY_HUB names, else $XDG_RUNTIME_DIR/slotway/hub.sock, else
    // /tmp/slotway-UID/hub.sock.
    const char *hub;
    // Bytes for one head: its headers and whatever else is not body. A multiple of 4096;
    // the hub's default (128 KiB) otherwise.
    uint32_t head_bytes;
    // Bytes of a request's body that a slot holds at once. A power of two; the hub's
    // default (64 KiB) otherwise. Larger bodies flow through.
    uint32_t request_bytes;
    // The same for a response's body.
    uint32_t response_bytes;
    // How long slotway_worker_drain lets requests in hand go on; 30 s otherwise.
    uint32_t drain_timeout_ms;
    // The first pause before the next attempt to reach the hub; each further one is twice
    // as long, and chance adds up to as much as this. 500 ms otherwise.
    uint32_t backoff_ms;
    // The longest pause; 60 s otherwise.
    uint32_t backoff_max_ms;
    // How often to ask the hub whether it is there; never otherwise, because its death
    // is noticed without asking.
    uint32_t heartbeat_interval_ms;
    // After so long without a word from the hub it counts as hung; 45 s otherwise. Only
    // with heartbeat_interval_ms.
    uint32_t heartbeat_timeout_ms;
    // How often a thread in slotway_worker_next looks before it sleeps, at most; adapted to
    // the machine otherwise. Negative: it sleeps at once.
    int32_t spin;
    // The number of this deployment, such as a build's or the time in seconds: as soon as
    // the worker is ready the hub retires the workers of its names with lower numbers, which
    // finish what they have and then hear SLOTWAY_E_CLOSED. Otherwise what the environment
    // variable SLOTWAY_GENERATION says, and without it none: nobody is retired.
    uint32_t generation;
    // 0 or SLOTWAY_WORKER_HOT_ADD.
    uint32_t flags;
    // 0.
    uint32_t reserved;
} slotway_worker_options;

// What a registration may have besides its name and routes. Begin with
// SLOTWAY_REGISTRATION_OPTIONS_INIT; 0 in any field means its default.
typedef struct slotway_registration_options {
    // sizeof(slotway_registration_options).
    uint32_t size;
    // Requests of this registration in hand at a time, at most; the rest waits in the
    // hub. As many as there are slots otherwise.
    uint32_t max_concurrent;
    // Which of its name it is: 1 to 128 letters, digits, '_' or '-'. Registrations of one name
    // whose instances differ share its load, also within one worker; name and instance are the
    // identity by which a hub may let registrations in. The hub's number for the connection
    // otherwise. It is copied.
    const char *instance;
} slotway_registration_options;

// How activities are taken from a queue. Begin with SLOTWAY_QUEUE_OPTIONS_INIT; 0 in any
// field means its default.
typedef struct slotway_queue_options {
    // sizeof(slotway_queue_options).
    uint32_t size;
    // Activities of the queue in hand at a time, at most; the rest waits in the hub. As many
    // as the registration may have requests otherwise.
    uint32_t capacity;
} slotway_queue_options;

// Bytes that belong to somebody else: not ended by NUL, any values. Print one with
// printf("%.*s", (int)view.length, view.data). Where something optional is absent, data
// is NULL; where it is there and empty, only length is 0.
typedef struct slotway_view {
    // The first byte.
    const char *data;
    // How many there are.
    size_t length;
} slotway_view;

// What a request says of the activity that it is. Begin with SLOTWAY_ACTIVITY_INIT.
typedef struct slotway_activity {
    // sizeof(slotway_activity).
    uint32_t size;
    // 1 when it was begun for the first time; 0 if the request is no activity, and then all
    // that follows is 0 or absent, too.
    uint32_t attempt;
    // The hub's number for it: no two have the same while the hub runs.
    uint64_t id;
    // "namespace/queue".
    struct slotway_view queue;
    // Its type.
    struct slotway_view type;
    // The key that its caller gave; absent if he gave none.
    struct slotway_view key;
} slotway_activity;

// What a registration has done and met, at one moment: received is processed, failed and
// in_flight together. Begin with SLOTWAY_METRICS_INIT.
typedef struct slotway_metrics {
    // sizeof(slotway_metrics).
    uint32_t size;
    // How it stands: a slotway_registration_state.
    int32_t state;
    // Requests, activities among them, that were taken in hand.
    uint64_t received;
    // Those that were answered with a status below 500, or given up by their clients.
    uint64_t processed;
    // Those that were answered with 500 or more, broken off, or closed without an answer.
    uint64_t failed;
    // Those in hand.
    uint64_t in_flight;
    // Bytes of requests' bodies that came.
    uint64_t bytes_in;
    // Bytes of responses' bodies that were given.
    uint64_t bytes_out;
    // How often it came back after it had been live.
    uint64_t reconnects;
    // How often the hub went away while it was live.
    uint64_t disconnects;
    // How long the hub took to answer the last heartbeat, in nanoseconds; 0 if there was none.
    uint64_t heartbeat_rtt_ns;
    // How long the wait is before it is offered again, while there is one; else 0.
    uint32_t backoff_ms;
    // Why the hub went away the last time: a slotway_ending.
    int32_t last_disconnect;
    // Why it does not come back by itself, if so: a slotway_ending.
    int32_t ending;
    // 0.
    uint32_t reserved;
} slotway_metrics;

// An activity to be done by a worker that takes it. Begin with SLOTWAY_CALL_INIT; queue and
// activity must be set, and 0 or an absent view in any other field means its default. Texts
// are UTF-8.
typedef struct slotway_call {
    // sizeof(slotway_call).
    uint32_t size;
    // 0 or SLOTWAY_CALL_IDEMPOTENT.
    uint32_t flags;
    // "namespace/queue".
    struct slotway_view queue;
    // The activity's type, as a worker takes it.
    struct slotway_view activity;
    // What it is about, 5 MiB at most; nothing otherwise.
    struct slotway_view payload;
    // The payload's type, such as "application/json"; none otherwise.
    struct slotway_view content_type;
    // A call with a key that an earlier one of the same activity had within ten minutes gets
    // that one's outcome, and nothing is done again. None otherwise.
    struct slotway_view key;
    // How long it may take in all, waiting in the hub and every attempt included; the hub's
    // default (30 s) otherwise.
    uint32_t timeout_ms;
    // How often it may be begun, at most, with SLOTWAY_CALL_IDEMPOTENT; once otherwise. What
    // no worker has claimed moves to another without counting.
    uint32_t attempts;
    // The pause before the second attempt, which doubles before each further one; none
    // otherwise.
    uint32_t backoff_ms;
    // 0.
    uint32_t reserved;
} slotway_call;

// A worker's answer to a call. Begin with SLOTWAY_REPLY_INIT.
typedef struct slotway_reply {
    // sizeof(slotway_reply).
    uint32_t size;
    // The answer's HTTP status, whatever it is: 200 to 599.
    uint32_t status;
    // The body's type; empty if the worker gave none.
    struct slotway_view content_type;
    // The answer's body.
    struct slotway_view body;
    // How often the activity was begun.
    uint32_t attempts;
    // If it had to wait for a worker: how long the queue would have liked its caller to hold
    // back, 25 to 250 ms by how full it was; else 0.
    uint32_t delay_hint_ms;
    // 0 or SLOTWAY_REPLY_REPLAYED.
    uint32_t flags;
    // 0.
    uint32_t reserved;
} slotway_reply;

// An event that is to be published. Begin with SLOTWAY_EVENT_INIT and set what you need;
// a view that is absent or empty means its default. Texts are UTF-8.
typedef struct slotway_event {
    // sizeof(slotway_event).
    uint32_t size;
    // 0, or SLOTWAY_EVENT_MUST_DELIVER, _SYSTEM and _TERMINAL, added up.
    uint32_t flags;
    // What it is about: 1 to 20 segments with dots between them, 255 bytes at most, without
    // white space and control characters, and no segment "*" or "#". It has no default.
    struct slotway_view topic;
    // Its type: 255 bytes at most, without CR, LF and NUL; "message" otherwise.
    struct slotway_view type;
    // An id of your own, by the rule of types; its sequence number otherwise.
    struct slotway_view id;
    // On whose behalf it is published, by the rule of types; the name of the worker's first
    // registration otherwise, or, of a worker that has none, nobody.
    struct slotway_view principal;
    // Of the events with one key that come close together (33 ms, unless the hub is told
    // otherwise) only the latest reaches subscribers. By the rule of types; none otherwise.
    struct slotway_view key;
    // What it says, any bytes, 5 MiB of them at most; nothing otherwise.
    struct slotway_view payload;
    // What slotway_worker_take_refusals repeats if the hub does not publish it; otherwise
    // the refusal has 0.
    uint32_t ticket;
    // 0.
    uint32_t reserved;
} slotway_event;

// Events that the hub did not publish.
typedef struct slotway_refusal {
    // The event's ticket; 0 for those that have none, which are told together.
    uint32_t ticket;
    // Why: SLOTWAY_REFUSED_INVALID and so on. A hub that is newer than this header may give
    // reasons that are not listed here.
    uint32_t reason;
    // How many events.
    uint32_t count;
    // 0.
    uint32_t reserved;
} slotway_refusal;

// How events are kept until they are taken. Begin with SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
// 0 in any field means its default.
typedef struct slotway_subscription_options {
    // sizeof(slotway_subscription_options).
    uint32_t size;
    // SLOTWAY_SUBSCRIPTION_ROUTED, _DROP_NEWEST and _SYSTEM, added up. Without them: one
    // queue for everybody's events, of which the oldest are lost.
    uint32_t flags;
    // Events that the hub keeps at most while this process does not take them; of each
    // principal with SLOTWAY_SUBSCRIPTION_ROUTED. The hub's default otherwise.
    uint32_t capacity;
    // Events that wait in this process at most, so that a subscription from which nobody
    // takes does not hold up the others; what is more is lost by the same policy. 1024
    // otherwise.
    uint32_t queue;
    // Only events of this principal. With SLOTWAY_SUBSCRIPTION_ROUTED. Everybody's otherwise.
    struct slotway_view principal;
    // Begin with what the hub still holds of what came after this sequence number; 1 for
    // all that it holds. With what is published from now on otherwise.
    uint64_t after;
} slotway_subscription_options;

// What comes out of a subscription: an event, or, with SLOTWAY_DELIVERY_GAP, word that
// events were lost at this place.
typedef struct slotway_delivery {
    // The event's place in the order of all events of the hub; 0 for a gap.
    uint64_t seq;
    // When it was published, in microseconds since 1970; 0 for a gap.
    uint64_t time_us;
    // How many events a gap stands for; 0 for an event.
    uint64_t missed;
    // 0 for an event; else SLOTWAY_DELIVERY_GAP, and _AT_LEAST where that is so.
    uint32_t flags;
    // 0.
    uint32_t reserved;
    // What it is about.
    struct slotway_view topic;
    // Its type; "message" unless its publisher gave one.
    struct slotway_view type;
    // The id that its publisher gave; absent where that is its sequence number.
    struct slotway_view id;
    // Who published it; absent for the system. Whose events a gap stands for, if they are
    // of one principal and the hub knows.
    struct slotway_view principal;
    // What it says.
    struct slotway_view payload;
    // 0.
    uint64_t reserved_more[2];
} slotway_delivery;

// What a request is besides its parameters, headers and body. Begin with
// SLOTWAY_HEAD_INIT.
typedef struct slotway_head {
    // sizeof(slotway_head).
    uint32_t size;
    // The version of HTTP: 10, 11 or 20.
    uint32_t http_version;
    // The index of the registration that matched, in the order they were added.
    uint32_t registration;
    // The index of the route that matched, in its registration.
    uint32_t route_index;
    // The method as it was sent.
    struct slotway_view method;
    // The path as it was sent, percent-encoding and all.
    struct slotway_view path;
    // What follows the question mark; data is NULL without one.
    struct slotway_view query;
    // The pattern that matched.
    struct slotway_view route;
    // Path parameters that there are.
    size_t param_count;
    // Headers that there are.
    size_t header_count;
    // The body's length if the client stated it, else SLOTWAY_LENGTH_UNKNOWN.
    uint64_t content_length;
    // When the answer is due, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    uint64_t deadline_ns;
    // Bytes of a response's body that the slot holds at once: what
    // slotway_request_reserve can give at most.
    size_t response_capacity;
} slotway_head;

// A name and its value: a header, or a path parameter.
typedef struct slotway_field {
    // The name.
    struct slotway_view name;
    // The value.
    struct slotway_view value;
} slotway_field;

// Who sent a request.
typedef struct slotway_peer {
    // 4 or 6, the version of IP; 0 when it came over a Unix socket.
    uint32_t family;
    // The port.
    uint32_t port;
    // The address in network order: 4 or 16 bytes, then zeros.
    uint8_t address[16];
} slotway_peer;

// Where a request stands in a distributed trace (W3C Trace Context, traceparent).
typedef struct slotway_trace {
    // The trace's id; all zeros when the request belongs to none.
    uint8_t trace_id[16];
    // The id of the caller's span.
    uint8_t parent_id[8];
    // The flags, of which bit 0 is "sampled".
    uint8_t flags;
    // 0.
    uint8_t reserved[7];
} slotway_trace;

// What has happened to a client of a stream. Begin with SLOTWAY_SSE_INIT.
typedef struct slotway_sse {
    // sizeof(slotway_sse).
    uint32_t size;
    // SLOTWAY_SSE_CONNECT, _RECONNECT or _DISCONNECT; SLOTWAY_SSE_NOTHING for requests of
    // other routes.
    uint32_t what;
    // The client's number, below 2^53 and never used twice; 0 with SLOTWAY_SSE_NOTHING.
    uint64_t connection;
} slotway_sse;

// Something for clients of a stream that this worker owns. Begin with SLOTWAY_PUSH_INIT;
// name the clients by one of path, pattern and connection. A view that is absent or empty
// means its default. Texts are UTF-8.
typedef struct slotway_push {
    // sizeof(slotway_push).
    uint32_t size;
    // The index of the registration that has the stream's route; the first otherwise.
    uint32_t registration;
    // All clients of this path, such as "/rooms/7", percent-encoded or not.
    struct slotway_view path;
    // All clients of the paths that a route's pattern, such as "/rooms/{room}", makes with
    // params; a parameter that is not among them may have any value.
    struct slotway_view pattern;
    // Parameters of the pattern by name, not percent-encoded.
    const struct slotway_field *params;
    // How many there are.
    size_t param_count;
    // One client, by the number that slotway_request_sse gave.
    uint64_t connection;
    // The event's type: 255 bytes at most, without CR, LF and NUL; "message" otherwise.
    struct slotway_view type;
    // The event's id, by the same rule; none otherwise.
    struct slotway_view id;
    // What it says, 5 MiB at most (or less, if the hub is told so); nothing otherwise.
    struct slotway_view data;
    // 0 or SLOTWAY_PUSH_CLOSE.
    uint32_t flags;
    // 0.
    uint32_t reserved;
} slotway_push;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The ABI version of the library that this program runs with, to be compared with
// SLOTWAY_ABI_VERSION, the one it was built with: SLOTWAY_ABI_COMPATIBLE() does.
//
// From any thread. Cannot fail.
uint32_t slotway_abi_version(void);

// The version of the library that this program runs with, such as "0.1.0".
//
// From any thread. Cannot fail. The text lives for ever.
const char *slotway_version(void);

// The stable name of a status, such as "timeout"; "unknown" for a number that is none.
//
// From any thread. Cannot fail. The text lives for ever.
const char *slotway_status_name(int32_t status);

// The stable name of a call's end, such as "worker_gone", which the hub's problems over HTTP
// have too; "unknown" for a number that is none.
//
// From any thread. Cannot fail. The text lives for ever.
const char *slotway_call_end_name(int32_t end);

// The sentence that says what was wrong with the last call of this thread that failed:
// what, the value, and what to do. Empty if none has failed. A call that succeeds leaves
// it as it is.
//
// Lifetime: until the next call of this thread that fails. Owned by the library.
// From any thread, about itself. Cannot fail, never NULL.
const char *slotway_last_error(void);

// The status of the last call of this thread that failed; SLOTWAY_OK if none has.
//
// From any thread, about itself. Cannot fail.
slotway_status slotway_last_status(void);

// The hub's own stable code, such as "route_conflict", if the last call of this thread
// that failed gave SLOTWAY_E_REFUSED; otherwise empty.
//
// Lifetime: until the next call of this thread that fails. Owned by the library.
// From any thread, about itself. Cannot fail, never NULL.
const char *slotway_last_refusal(void);

// How the call ended, if the last call of this thread that failed gave SLOTWAY_E_CALL;
// otherwise SLOTWAY_END_ANSWERED.
//
// From any thread, about itself. Cannot fail.
slotway_call_end slotway_last_call_end(void);

// How long to stay away, in milliseconds, if the last call of this thread that failed gave
// SLOTWAY_E_CALL and the hub said so, as it does for SLOTWAY_END_QUEUE_FULL; otherwise 0.
//
// From any thread, about itself. Cannot fail.
uint32_t slotway_last_retry_after_ms(void);

// Says where the log goes: what the library has to say that no call can give, such as that
// the hub is away and when it tries again. For all workers of the process; off until then.
//
// level is the least important that is wanted: SLOTWAY_LOG_OFF to SLOTWAY_LOG_DEBUG.
// callback gets each line; NULL writes them to the standard error. It is called from
// threads of the library and from those that call it, several at a time. It must not call
// slotway_log, close a worker or a request, or throw.
//
// Ownership: userdata stays yours. When this comes back the callback before is not running
// any more and will not be called again.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (no such level), SLOTWAY_E_OUT_OF_ORDER (the program
// is written in Rust and has a log of its own).
slotway_status slotway_log(uint32_t level,
                           slotway_log_callback callback,
                           void *userdata);

// Makes a worker. Nothing is connected yet.
//
// options may be NULL: the defaults.
//
// Ownership: *worker is yours until slotway_worker_close.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, a size or field that cannot be).
slotway_status slotway_worker_new(const struct slotway_worker_options *options,
                                  struct slotway_worker **worker);

// Adds a registration: a named set of routes, queues or both, whose load all workers that
// register the same name share. Its routes and queues are those that slotway_worker_route and
// slotway_worker_queue add next.
//
// name is 1 to 128 letters, digits, '.', '_' or '-'; it is copied. A worker may have any
// number of registrations that differ in name or instance, all over one connection and in one
// memory region. options may be NULL. registration may be NULL, or gets the registration's
// index, which a request's head gives again and no other registration of the worker ever has.
//
// From one thread at a time, before slotway_worker_connect, which also judges the name; or
// with SLOTWAY_WORKER_HOT_ADD after it, one by one, and then slotway_worker_add does.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (connected already, or one is
// being set up), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_register(struct slotway_worker *worker,
                                       const char *name,
                                       const struct slotway_registration_options *options,
                                       uint32_t *registration);

// Adds a route to the registration that was added last.
//
// method is an HTTP method, or "*" for every method that no other route of the pattern
// names. In pattern, a path, {name} stands for one segment and a closing {*name} for the
// rest. Both are copied. flags are 0, SLOTWAY_ROUTE_IDEMPOTENT or SLOTWAY_ROUTE_SSE. route
// may be NULL, or gets the route's index in its registration, which a request's head gives
// again.
//
// From one thread at a time, before slotway_worker_connect, which also judges method and
// pattern.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, connected
// already, or the registration has a queue), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_route(struct slotway_worker *worker,
                                    const char *method,
                                    const char *pattern,
                                    uint32_t flags,
                                    uint32_t *route);

// Limits the routes that are added to this registration from here on to one host, as in
// "api.example", or to every host below a domain, as in "*.example". A registration
// begins with routes of every host. Requests for a host go to its own routes first, then
// to those of the longest "*.", then to those of every host. host is copied.
//
// From one thread at a time, before slotway_worker_connect, which also judges host.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, or
// connected already), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_host(struct slotway_worker *worker, const char *host);

// Connects to the hub and registers, and waits until the hub has opened the routes of at
// least one registration; of a worker that has none, which is there to publish, to subscribe
// and to call, until the hub has welcomed it.
//
// timeout_ms: negative waits through as many attempts as it takes; 0 does not wait at
// all, the connection is made in the background; otherwise the call fails after so long
// with what the last attempt met, and may be repeated. Once it has succeeded the worker
// keeps the connection up by itself: when the hub goes away it connects again, with
// growing pauses.
//
// From one thread at a time. slotway_worker_close waits for a call that is under way.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (a name, method, pattern or size that cannot be),
// SLOTWAY_E_REFUSED, SLOTWAY_E_PROTOCOL, SLOTWAY_E_IO, SLOTWAY_E_TIMEOUT,
// SLOTWAY_E_OUT_OF_ORDER (connected already), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_connect(struct slotway_worker *worker,
                                      int64_t timeout_ms);

// Takes activities of some types from a queue, under the registration that was added last.
// An activity comes as a request: its body is what the caller gave,
// slotway_request_activity says more, and its answer, whatever the status, is its outcome.
//
// queue is "namespace/queue", each of the two names 1 to 128 letters, digits, '_' or '-'; a
// type the same, with '.' allowed. A registration takes from a queue once, so activities are
// all count types. They are copied. options may be NULL.
// first may be NULL, or gets the route_index that requests of the first type have in their
// head; that of the next type is one more, and so on. It counts on after the registration's
// routes, which are added before its queues.
//
// From one thread at a time, before slotway_worker_connect, which also judges the names.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, or
// connected already), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_queue(struct slotway_worker *worker,
                                    const char *queue,
                                    const char *const *activities,
                                    size_t count,
                                    const struct slotway_queue_options *options,
                                    uint32_t *first);

// Tells which activity a request is, if it is one: activity->attempt is 0 otherwise.
//
// activity->size says how much of the struct the caller knows; the rest of it is written.
//
// Lifetime: the views lie in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_activity(struct slotway_request *request,
                                        struct slotway_activity *activity);

// Answers an activity with "not now": it goes to another worker, or waits for one, and counts
// as not begun. For what the hub cannot know of, such as memory; how many are in hand at a
// time it knows by the capacity of slotway_queue_options. Of a request that is no activity
// the client gets 503.
//
// Ownership: the request is answered, and its handle still to be closed.
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_CANCELLED and SLOTWAY_E_HUB_GONE: it is over.
// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_OUT_OF_ORDER (started, or a body was committed),
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_busy(struct slotway_request *request);

// Tells how a registration stands: SLOTWAY_OK when the hub has opened its routes and queues;
// SLOTWAY_E_AGAIN while the hub is away, has not said, or waits for somebody's approval of it;
// SLOTWAY_E_REFUSED when the hub refused it, and then slotway_last_error() says why. What may
// be another answer later is offered again by itself.
//
// From any thread.
// Errors: those, SLOTWAY_E_INVALID_ARGUMENT (no such registration, or it was withdrawn),
// SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_registered(struct slotway_worker *worker,
                                         uint32_t registration);

// Gives the hub the registration that slotway_worker_register and what followed it have set
// up since slotway_worker_connect, and waits until the hub has opened its routes and queues.
// With SLOTWAY_WORKER_HOT_ADD only.
//
// timeout_ms: negative waits for ever, also for a hub; 0 does not wait, and
// slotway_worker_registered tells what the hub says.
//
// After SLOTWAY_E_INVALID_ARGUMENT, as for a name and instance that the worker has already,
// nothing was added, and what was set up is forgotten. After SLOTWAY_E_REFUSED and
// SLOTWAY_E_TIMEOUT it is there: withdraw it, or let it be.
//
// From one thread at a time; requests go on meanwhile.
// Errors: those, SLOTWAY_E_OUT_OF_ORDER (nothing was set up, not connected yet, or without
// SLOTWAY_WORKER_HOT_ADD), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_add(struct slotway_worker *worker,
                                  int64_t timeout_ms);

// Withdraws one registration and waits until nothing of it is in hand: the hub sends nothing
// new for it, what no thread has taken goes to other workers, and the worker's other
// registrations go on. Its index is never used again; slotway_worker_metrics still tells what
// it has done.
//
// timeout_ms: negative waits for ever; 0 does not wait, as an event loop, which has to answer
// what is in hand meanwhile. After SLOTWAY_E_TIMEOUT it is withdrawn all the same, and is gone
// later.
//
// From any thread; other threads go on answering.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (no such registration, or it was withdrawn),
// SLOTWAY_E_TIMEOUT, SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_withdraw(struct slotway_worker *worker,
                                       uint32_t registration,
                                       int64_t timeout_ms);

// Tells what a registration has done and met so far. It holds up no request. Of the
// registrations that were withdrawn the last 1024 are remembered. After slotway_worker_drain
// has come to its end, and before slotway_worker_close, this is the worker's report.
//
// metrics->size says how much of the struct the caller knows; the rest of it is written.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size, no such registration),
// SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_metrics(struct slotway_worker *worker,
                                      uint32_t registration,
                                      struct slotway_metrics *metrics);

// The stable name of an ending, such as "hub_closed"; "unknown" for a number that is none.
//
// From any thread. Cannot fail. The text lives for ever.
const char *slotway_ending_name(int32_t ending);

// Waits for the next request.
//
// timeout_ms: negative waits for ever, 0 only looks. While the hub is away this waits
// too.
//
// Ownership: *request is yours until slotway_request_close. Answer it first; a request
// that is closed without an answer is answered with 500.
// From any number of threads at once; each request goes to one of them.
// Errors: SLOTWAY_E_TIMEOUT; SLOTWAY_E_CLOSED after slotway_worker_drain or
// slotway_worker_close, or when a newer generation has replaced this worker: nothing more
// will come; SLOTWAY_E_REFUSED when the hub will not have this worker any more;
// SLOTWAY_E_OUT_OF_ORDER (not connected yet).
slotway_status slotway_worker_next(struct slotway_worker *worker,
                                   int64_t timeout_ms,
                                   struct slotway_request **request);

// Gives a descriptor to poll instead of waiting in slotway_worker_next, the same for the
// worker's whole life. Whenever it is readable, and once before polling first:
//
//   1. call slotway_worker_take until it gives fewer requests than there was room for,
//   2. call slotway_worker_take_notices likewise, if requests are streamed or there are
//      events,
//   3. call slotway_worker_take_calls likewise, if there are calls,
//   4. call slotway_subscription_take likewise, for each subscription,
//   5. try again to publish, to push or to call what there was no room for.
//
// The first makes the descriptor unreadable again, until there is something new. A worker
// has one event loop; more threads in slotway_worker_next beside it are fine.
//
// These calls also answer the hub, which asks now and then whether the loop still turns. A
// loop that does not make them for some 30 s (the hub may be told another time) loses its
// connection, and gets a new one when it goes on; so make them also with enough to do.
//
// Ownership: the descriptor is the worker's. Poll it; do not read, write or close it.
// Lifetime: until slotway_worker_close.
// From any thread.
// Errors: SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_poll_fd(struct slotway_worker *worker,
                                      int *fd);

// Takes the requests that are there now, capacity at most, without waiting. When *count
// is less than capacity the poll descriptor is armed: it becomes readable when there is
// more.
//
// Ownership: each request is yours until slotway_request_close.
// From any thread.
// Errors: SLOTWAY_E_CLOSED and SLOTWAY_E_REFUSED as slotway_worker_next gives them, and
// the descriptor then stays readable; SLOTWAY_E_INVALID_ARGUMENT (no capacity),
// SLOTWAY_E_OUT_OF_ORDER (not connected yet).
slotway_status slotway_worker_take(struct slotway_worker *worker,
                                   size_t capacity,
                                   struct slotway_request **requests,
                                   size_t *count);

// Takes the open requests for which a wait may be over that slotway_request_try_read,
// slotway_request_try_write or slotway_request_watch_cancelled began, capacity at most.
// Try again whatever you wait for: a notice says that something has moved, not what, and
// may come without cause. One for a request that was closed meanwhile is left out. Calls are
// told by slotway_worker_take_calls, and events have no notices: look at each subscription.
//
// Ownership: the requests are those that you have.
// From one thread at a time: the event loop's.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
// yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_take_notices(struct slotway_worker *worker,
                                           size_t capacity,
                                           struct slotway_request **requests,
                                           size_t *count);

// Calls an activity and waits for its outcome: SLOTWAY_OK, and the worker's answer in reply,
// whatever its status; or SLOTWAY_E_CALL, and slotway_last_call_end() says how it ended. Each
// call has exactly one outcome. A worker needs no registration to call, and may call from
// within a request.
//
// timeout_ms: negative waits for ever, also for a hub; how long the hub lets the call take is
// the timeout_ms of slotway_call. reply->size says how much of the struct the caller knows.
//
// Everything is copied.
// Ownership: *calling is yours until slotway_calling_close.
// Lifetime: the views of reply live until then.
// From any thread, any number at once.
// Errors: SLOTWAY_E_CALL, SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_TOO_LARGE (the payload),
// SLOTWAY_E_TIMEOUT (and the call was hung up), SLOTWAY_E_HUB_GONE (it may have been done),
// SLOTWAY_E_REFUSED (the hub takes no calls), SLOTWAY_E_OUT_OF_ORDER (not connected yet),
// SLOTWAY_E_CLOSED.
slotway_status slotway_worker_call(struct slotway_worker *worker,
                                   const struct slotway_call *call,
                                   int64_t timeout_ms,
                                   struct slotway_calling **calling,
                                   struct slotway_reply *reply);

// Begins a call and does not wait for its outcome, which slotway_calling_wait and
// slotway_calling_poll tell. It waits for room in the memory that is shared with the hub.
//
// timeout_ms: negative waits for ever, also for a hub; 0 not at all.
//
// Everything is copied.
// Ownership: *calling is yours until slotway_calling_close.
// From any thread, any number at once.
// Errors: SLOTWAY_E_TIMEOUT (nothing was called), and those of slotway_worker_call but for
// SLOTWAY_E_CALL.
slotway_status slotway_worker_begin_call(struct slotway_worker *worker,
                                         const struct slotway_call *call,
                                         int64_t timeout_ms,
                                         struct slotway_calling **calling);

// Begins a call if there is room for it now. SLOTWAY_E_AGAIN: there is none, nothing was
// called, and the poll descriptor becomes readable when there is.
//
// Otherwise as slotway_worker_begin_call.
//
// From any thread; the event loop's, if it waits for room.
// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
// becomes readable when one is there), and those of slotway_worker_begin_call but for
// SLOTWAY_E_TIMEOUT.
slotway_status slotway_worker_try_begin_call(struct slotway_worker *worker,
                                             const struct slotway_call *call,
                                             struct slotway_calling **calling);

// Takes the calls whose outcome may be there, of those for which slotway_calling_poll has
// given SLOTWAY_E_AGAIN, capacity at most: poll each again. A call may come without cause;
// one that was closed meanwhile is left out.
//
// Ownership: the calls are those that you have.
// From one thread at a time: the event loop's.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
// yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_take_calls(struct slotway_worker *worker,
                                         size_t capacity,
                                         struct slotway_calling **callings,
                                         size_t *count);

// Waits for a call's outcome: SLOTWAY_OK, and the worker's answer in reply; or
// SLOTWAY_E_CALL, and slotway_last_call_end() says how it ended. Once the outcome is there,
// each further call tells it again.
//
// timeout_ms: negative waits for ever, 0 only looks. After SLOTWAY_E_TIMEOUT the call goes
// on. reply->size says how much of the struct the caller knows.
//
// Lifetime: the views live until slotway_calling_close.
// From one thread at a time for a call.
// Errors: SLOTWAY_E_CALL, SLOTWAY_E_TIMEOUT, SLOTWAY_E_HUB_GONE (it may have been done),
// SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_CANCELLED (it was closed
// meanwhile), SLOTWAY_E_CLOSED (it was closed before, or the worker was).
slotway_status slotway_calling_wait(struct slotway_calling *calling,
                                    int64_t timeout_ms,
                                    struct slotway_reply *reply);

// Tells a call's outcome if it is there. SLOTWAY_E_AGAIN: it is not, and
// slotway_worker_take_calls gives the call when it may be. So poll once after beginning.
//
// Otherwise as slotway_calling_wait.
//
// Lifetime: the views live until slotway_calling_close.
// From one thread at a time for a call: the event loop's.
// Errors: SLOTWAY_E_AGAIN, and those of slotway_calling_wait but for SLOTWAY_E_TIMEOUT.
slotway_status slotway_calling_poll(struct slotway_calling *calling,
                                    struct slotway_reply *reply);

// Keeps a pointer of the caller's with the call; NULL until then. An event loop finds its
// own state again by it when slotway_worker_take_calls gives the call.
//
// Ownership: userdata stays the caller's.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_calling_set_userdata(struct slotway_calling *calling,
                                            void *userdata);

// Gives the pointer that slotway_calling_set_userdata kept.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_calling_userdata(struct slotway_calling *calling, void **userdata);

// Closes the call's handle. A call whose outcome is not there is hung up: the worker that is
// at it sees that nobody waits any more (slotway_request_cancelled). A thread in
// slotway_calling_wait comes back with SLOTWAY_E_CANCELLED.
//
// NULL is fine and does nothing. A call may be closed before or after its worker.
//
// Ownership: takes the call. Its handle is never used again for another one; using it is an
// error, SLOTWAY_E_CLOSED.
// From any thread.
// Errors: SLOTWAY_E_CLOSED (it was closed before).
slotway_status slotway_calling_close(struct slotway_calling *calling);

// Publishes events in order, all of them, waiting for room in the memory that the worker
// shares with the hub, and while the hub is away for the next one. Many in one call cost
// little more than one.
//
// All are checked before the first is published. Each must state the same size.
// timeout_ms: negative waits for ever, 0 not at all. When the time is over first, and
// some were published, the call succeeds and *published, which may be NULL, says how many;
// go on with the next one.
//
// Published is not delivered. What is published reaches the hub also if this process dies
// now; but a subscriber that is slow loses it and is told so, and when the hub dies before
// it has taken it, it is gone.
//
// Everything is copied.
// From any thread, any number at once; a call's events stay in their order.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (what is wrong with which event), SLOTWAY_E_TOO_LARGE
// (a payload), SLOTWAY_E_TIMEOUT (nothing was published), SLOTWAY_E_REFUSED (the hub has no
// events), SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_publish(struct slotway_worker *worker,
                                      const struct slotway_event *events,
                                      size_t count,
                                      int64_t timeout_ms,
                                      size_t *published);

// Publishes as many of the events, in order, as there is room for now; *published says how
// many. SLOTWAY_E_AGAIN: there is no room for the first, nothing was published, and the
// poll descriptor becomes readable when there is. Then, and after a call that published
// some, try again with what is left.
//
// Otherwise as slotway_worker_publish.
//
// From any thread; the event loop's, if it waits for room.
// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
// becomes readable when one is there), and those of slotway_worker_publish but for
// SLOTWAY_E_TIMEOUT.
slotway_status slotway_worker_try_publish(struct slotway_worker *worker,
                                          const struct slotway_event *events,
                                          size_t count,
                                          size_t *published);

// Takes what the hub has refused to publish since the last call, capacity at most, without
// waiting; *count may come out as 0. The library keeps the newest 1024 refusals.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
// yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_take_refusals(struct slotway_worker *worker,
                                            size_t capacity,
                                            struct slotway_refusal *refusals,
                                            size_t *count);

// Subscribes to the events of every topic that one of the patterns matches, and waits
// until the hub has said that they come: those published from then on will.
//
// A pattern is a topic whose segments may be "*": inside it stands for one segment, at the
// end for one or more; "#" alone is every topic. They are copied. options may be NULL: the
// defaults.
// timeout_ms: negative waits for ever, also for a hub; 0 does not wait, and what the hub
// refuses then is told by slotway_subscription_next.
//
// When the hub goes away the subscription waits for the next one and goes on from where it
// was, so far as that hub still holds it. A worker needs no registration to subscribe.
//
// Ownership: *subscription is yours until slotway_subscription_close.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (what is wrong with which pattern or option),
// SLOTWAY_E_REFUSED, SLOTWAY_E_TIMEOUT, SLOTWAY_E_OUT_OF_ORDER (not connected yet),
// SLOTWAY_E_CLOSED.
slotway_status slotway_worker_subscribe(struct slotway_worker *worker,
                                        const struct slotway_view *patterns,
                                        size_t count,
                                        const struct slotway_subscription_options *options,
                                        int64_t timeout_ms,
                                        struct slotway_subscription **subscription);

// Waits for the next events of a subscription, or word that some were lost, and takes as
// many as there are then, capacity at most: one at least.
//
// timeout_ms: negative waits for ever, 0 only looks. While the hub is away this waits too.
//
// Lifetime: the views live until the next call of this or of slotway_subscription_take for
// this subscription, or its slotway_subscription_close.
// From one thread at a time for a subscription, because of that.
// Errors: SLOTWAY_E_TIMEOUT; SLOTWAY_E_REFUSED when the hub has refused the subscription;
// SLOTWAY_E_CLOSED when nothing more will come: after slotway_subscription_close,
// slotway_worker_close, or a shutdown that has come to its end; SLOTWAY_E_INVALID_ARGUMENT
// (no capacity).
slotway_status slotway_subscription_next(struct slotway_subscription *subscription,
                                         size_t capacity,
                                         int64_t timeout_ms,
                                         struct slotway_delivery *deliveries,
                                         size_t *count);

// Takes what there is of a subscription now, capacity at most, without waiting. When
// *count, which may come out as 0, is less than capacity, the worker's poll descriptor
// becomes readable when there is more.
//
// Otherwise as slotway_subscription_next.
//
// Lifetime: as for slotway_subscription_next.
// From one thread at a time for a subscription: the event loop's.
// Errors: those of slotway_subscription_next but for SLOTWAY_E_TIMEOUT.
slotway_status slotway_subscription_take(struct slotway_subscription *subscription,
                                         size_t capacity,
                                         struct slotway_delivery *deliveries,
                                         size_t *count);

// Ends a subscription. A thread in slotway_subscription_next comes back with
// SLOTWAY_E_CLOSED. What it had not taken is lost.
//
// NULL is fine and does nothing. A subscription may be closed before or after its worker.
//
// Ownership: takes the subscription. Its handle is never used again for another one; using
// it is an error, SLOTWAY_E_CLOSED.
// From any thread.
// Errors: SLOTWAY_E_CLOSED (it was closed before).
slotway_status slotway_subscription_close(struct slotway_subscription *subscription);

// Reads the head: method, path, query, matched route and the rest.
//
// head->size says how much of the struct the caller knows; the rest of it is written.
//
// Lifetime: the views lie in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_head(struct slotway_request *request,
                                    struct slotway_head *head);

// Reads a path parameter by its name in the pattern, percent-decoded, never empty.
// Without a parameter of that name value->data is NULL.
//
// Lifetime: the view lies in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_param(struct slotway_request *request,
                                     const char *name,
                                     struct slotway_view *value);

// Reads the first header of a name, in any case of letters. Without one value->data is
// NULL. Values are any bytes.
//
// Lifetime: the view lies in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_header(struct slotway_request *request,
                                      const char *name,
                                      struct slotway_view *value);

// Reads the path parameters in the pattern's order, the first capacity of them. *count is
// how many there are, which may be more.
//
// Lifetime: the views lie in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_params(struct slotway_request *request,
                                      size_t capacity,
                                      struct slotway_field *params,
                                      size_t *count);

// Reads the headers in the order in which they came, repeated ones repeated, the first
// capacity of them. Names are in lower case, values any bytes. *count is how many there
// are, which may be more.
//
// Lifetime: the views lie in the slot, until the request is answered or closed.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_headers(struct slotway_request *request,
                                       size_t capacity,
                                       struct slotway_field *headers,
                                       size_t *count);

// Reads who sent the request.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_peer(struct slotway_request *request,
                                    struct slotway_peer *peer);

// Reads the trace that the request belongs to.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_trace(struct slotway_request *request,
                                     struct slotway_trace *trace);

// Tells whether nobody waits for the answer any more: the client went away, the deadline
// passed, or the hub is gone. A request that was answered is not cancelled.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_request_cancelled(struct slotway_request *request,
                                         bool *cancelled);

// Waits until nobody waits for the answer any more.
//
// timeout_ms: negative waits for ever, 0 only looks.
//
// From any thread, one at a time for a request, while others work on it.
// Errors: SLOTWAY_E_TIMEOUT, SLOTWAY_E_ALREADY_ANSWERED (before or meanwhile),
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_wait_cancelled(struct slotway_request *request,
                                              int64_t timeout_ms);

// Like slotway_request_cancelled, and if not, asks for a notice for when it is
// (slotway_worker_take_notices).
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_request_watch_cancelled(struct slotway_request *request,
                                               bool *cancelled);

// Keeps a pointer of the caller's with the request; NULL until then. An event loop finds
// its own state again by it when a notice comes.
//
// Ownership: userdata stays the caller's.
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_request_set_userdata(struct slotway_request *request,
                                            void *userdata);

// Gives the pointer that slotway_request_set_userdata kept.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
slotway_status slotway_request_userdata(struct slotway_request *request, void **userdata);

// Waits until the whole body has arrived and shows it in one piece, where it lies. For
// bodies that the slot holds at once (request_bytes of the options): a larger one is
// SLOTWAY_E_TOO_LARGE, and is to be read in pieces.
//
// timeout_ms: negative waits for ever, 0 only looks.
//
// Lifetime: the view lies in the slot, until the body is read or consumed, or the request
// is answered or closed.
// From one thread at a time for a request's body.
// Errors: SLOTWAY_E_TOO_LARGE, SLOTWAY_E_TIMEOUT, SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE,
// SLOTWAY_E_BODY_ABORTED, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_body(struct slotway_request *request,
                                    int64_t timeout_ms,
                                    struct slotway_view *body);

// Reads some of the body into a buffer, waiting for the first byte. *count is how many
// bytes came; 0 is the body's end.
//
// timeout_ms: negative waits for ever, 0 only looks.
//
// From one thread at a time for a request's body.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no capacity), SLOTWAY_E_TIMEOUT,
// SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE, SLOTWAY_E_BODY_ABORTED,
// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_read(struct slotway_request *request,
                                    size_t capacity,
                                    int64_t timeout_ms,
                                    void *buffer,
                                    size_t *count);

// Reads what of the body has arrived, without waiting. *count is how many bytes came; 0 is
// the body's end. SLOTWAY_E_AGAIN: nothing now, and a notice will come
// (slotway_worker_take_notices).
//
// From one thread at a time for a request's body.
// Errors: SLOTWAY_E_AGAIN, and those of slotway_request_read but for SLOTWAY_E_TIMEOUT.
slotway_status slotway_request_try_read(struct slotway_request *request,
                                        size_t capacity,
                                        void *buffer,
                                        size_t *count);

// Shows what of the body has arrived, where it lies, so far as it lies in one piece.
// *complete tells whether this is all that is left of it.
//
// Lifetime: the view lies in the slot, until the body is read or consumed, or the request
// is answered or closed.
// From one thread at a time for a request's body.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CANCELLED, SLOTWAY_E_BODY_ABORTED,
// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_peek(struct slotway_request *request,
                                    struct slotway_view *arrived,
                                    bool *complete);

// Waits until more than seen bytes of the body that are not consumed have arrived, or all
// that is left of it has: until slotway_request_peek has something new to show.
//
// timeout_ms: negative waits for ever, 0 only looks. More than the slot holds never come
// before some are consumed.
//
// From one thread at a time for a request's body.
// Errors: those of slotway_request_read.
slotway_status slotway_request_wait(struct slotway_request *request,
                                    size_t seen,
                                    int64_t timeout_ms);

// Gives the first count bytes of what has arrived back: their place takes more of the
// body. What slotway_request_peek or slotway_request_body has shown ends with this.
//
// From one thread at a time for a request's body.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (fewer have arrived), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_consume(struct slotway_request *request, size_t count);

// Answers in one call. A body that the slot cannot hold at once flows as the client takes
// it, and this waits for it.
//
// status is 200 to 599. headers may be NULL when header_count is 0, body when length is 0.
// A content-length is the library's to state. Everything is copied.
//
// Ownership: the request is answered, and its handle still to be closed.
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_INVALID_HEAD, SLOTWAY_E_TOO_LARGE (the head), SLOTWAY_E_BODY_LENGTH and
// SLOTWAY_E_INVALID_ARGUMENT leave it to be answered. SLOTWAY_E_CANCELLED and
// SLOTWAY_E_HUB_GONE: it is over. SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_OUT_OF_ORDER
// (started, or a body was committed), SLOTWAY_E_CLOSED.
slotway_status slotway_request_respond(struct slotway_request *request,
                                       uint32_t status,
                                       const struct slotway_field *headers,
                                       size_t header_count,
                                       const void *body,
                                       size_t length);

// Gives length bytes of room in the slot, for a body that is written in place. What it
// holds is unspecified. slotway_request_commit makes what was written part of the body,
// then more can be reserved, and slotway_request_complete answers with it; or all this
// after slotway_request_start, as a way of streaming.
//
// Lifetime: until the next call for this request's answer, or slotway_request_close.
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_TOO_LARGE (there is not so much room in one piece now; response_capacity
// of slotway_head is what an empty slot has), SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_reserve(struct slotway_request *request,
                                       size_t length,
                                       void **space);

// Adds the first count bytes of the room that was reserved to the body.
//
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_TOO_LARGE (there is less room), SLOTWAY_E_BODY_LENGTH (more than the
// declared length), SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_commit(struct slotway_request *request, size_t count);

// Answers with the body that was committed: its head, its length and its end in one.
//
// status and headers are as for slotway_request_respond, and so are ownership and errors.
//
// From one thread at a time for a request's answer.
slotway_status slotway_request_complete(struct slotway_request *request,
                                        uint32_t status,
                                        const struct slotway_field *headers,
                                        size_t header_count);

// Begins a streamed answer. Its head travels with the first bytes of the body, or with
// slotway_request_flush. A content-length among the headers declares the body's length,
// which is then held to; without one the body ends with slotway_request_finish.
//
// status and headers are as for slotway_request_respond.
//
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_INVALID_HEAD, SLOTWAY_E_TOO_LARGE, SLOTWAY_E_BODY_LENGTH (more was
// committed), SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (started before),
// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_start(struct slotway_request *request,
                                     uint32_t status,
                                     const struct slotway_field *headers,
                                     size_t header_count);

// Adds bytes to a streamed body, all of them, waiting for room.
//
// timeout_ms: negative waits for ever, 0 not at all. After SLOTWAY_E_TIMEOUT some of the
// bytes may have gone: abort the answer. Who wants to go on later writes with
// slotway_request_try_write.
//
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_TIMEOUT, SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE, SLOTWAY_E_BODY_LENGTH
// (more than the declared length), SLOTWAY_E_OUT_OF_ORDER (not started),
// SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_write(struct slotway_request *request,
                                     const void *data,
                                     size_t length,
                                     int64_t timeout_ms);

// Adds as many of the bytes as there is room for, without waiting. *count is how many
// went. SLOTWAY_E_AGAIN: no room now, and a notice will come
// (slotway_worker_take_notices).
//
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_AGAIN, and those of slotway_request_write but for SLOTWAY_E_TIMEOUT.
slotway_status slotway_request_try_write(struct slotway_request *request,
                                         const void *data,
                                         size_t length,
                                         size_t *count);

// Sends the head of a streamed answer and what was committed on their way now.
//
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_OUT_OF_ORDER (not started), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_flush(struct slotway_request *request);

// Ends a streamed answer.
//
// Ownership: the request is answered, and its handle still to be closed.
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_BODY_LENGTH (the body is shorter than declared: the client's connection
// is broken off), SLOTWAY_E_OUT_OF_ORDER (not started), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_finish(struct slotway_request *request);

// Breaks the answer off: the client gets 502, or a broken connection if the response had
// begun.
//
// Ownership: the request is answered, and its handle still to be closed.
// From one thread at a time for a request's answer.
// Errors: SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
slotway_status slotway_request_abort(struct slotway_request *request);

// Tells which client of a stream that this worker owns a request is about, and what has
// happened to it. Requests of a route with SLOTWAY_ROUTE_SSE come when a client does and
// when it leaves; path, parameters and query are the client's, and so are the headers but
// for SLOTWAY_SSE_DISCONNECT, which has none. Answer each.
//
// sse->size says how much of the struct the caller knows; the rest of it is written.
//
// From any thread.
// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
// SLOTWAY_E_CLOSED.
slotway_status slotway_request_sse(struct slotway_request *request,
                                   struct slotway_sse *sse);

// Pushes one event and waits for what became of it, which *status tells as HTTP would: 200,
// it is on its way to each of the clients; 404, nobody is there; 410, whoever was there
// leaves or has left; 429, too much waits for them; 400, the target or the event cannot
// be.
//
// timeout_ms: negative waits for ever, through room in the memory that is shared with the
// hub and the answer; 0 only looks.
//
// Everything is copied.
// From any thread, any number at once.
// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_TOO_LARGE (the data), SLOTWAY_E_TIMEOUT (it
// may have been pushed), SLOTWAY_E_HUB_GONE (likewise), SLOTWAY_E_REFUSED (the hub has no
// events), SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_push(struct slotway_worker *worker,
                                   const struct slotway_push *push,
                                   int64_t timeout_ms,
                                   uint32_t *status);

// Pushes events in order, without waiting for what becomes of them: what nobody is there
// for is dropped. For streams of many small events.
//
// All must state the same size. timeout_ms is for room in the memory that is shared with
// the hub: negative waits for ever, 0 not at all. Where some were pushed before the time
// was over, or before one that cannot be pushed, the call succeeds and *pushed, which may
// be NULL, says how many; go on with the next one, which then tells what is wrong with it.
//
// Everything is copied.
// From any thread, any number at once; a call's events stay in their order.
// Errors: those of slotway_worker_push; SLOTWAY_E_TIMEOUT (nothing was pushed).
slotway_status slotway_worker_push_many(struct slotway_worker *worker,
                                        const struct slotway_push *pushes,
                                        size_t count,
                                        int64_t timeout_ms,
                                        size_t *pushed);

// Pushes as many of the events, in order, as there is room for now; *pushed says how many.
// SLOTWAY_E_AGAIN: there is no room for the first, and the poll descriptor becomes readable
// when there is.
//
// Otherwise as slotway_worker_push_many.
//
// From any thread; the event loop's, if it waits for room.
// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
// becomes readable when one is there), and those of slotway_worker_push_many but for
// SLOTWAY_E_TIMEOUT.
slotway_status slotway_worker_try_push_many(struct slotway_worker *worker,
                                            const struct slotway_push *pushes,
                                            size_t count,
                                            size_t *pushed);

// Closes the request's handle. A request that was not answered is answered with 500, or
// broken off if its response had begun. Threads that wait for something of this request
// come back with SLOTWAY_E_ALREADY_ANSWERED, and this waits for them; likewise for one
// that is answering, until that call comes back by itself.
//
// NULL is fine and does nothing.
//
// Ownership: takes the request. Its handle is never used again for another one; using it
// is an error, SLOTWAY_E_CLOSED.
// From any thread.
// Errors: SLOTWAY_E_CLOSED (it was closed before).
slotway_status slotway_request_close(struct slotway_request *request);

// Begins a shutdown and does not wait for it. The hub sends nothing new, and what no
// thread has taken goes to other workers. Requests in hand go on until they are answered,
// drain_timeout_ms (of the options) at most; then slotway_worker_next gives
// SLOTWAY_E_CLOSED in every thread. So go on calling it until it does.
//
// From any thread. Not from a signal handler.
// Errors: SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
slotway_status slotway_worker_drain(struct slotway_worker *worker);

// Closes the worker: at once, unless slotway_worker_drain has come to its end before.
// Threads in slotway_worker_next come back with SLOTWAY_E_CLOSED, and this waits for
// them. The hub answers for requests that are still in hand; their handles stay good until
// slotway_request_close, and answers to them go nowhere.
//
// NULL is fine and does nothing.
//
// Ownership: takes the worker. Its handle is never used again for another one; using it
// is an error, SLOTWAY_E_CLOSED.
// From any thread.
// Errors: SLOTWAY_E_CLOSED (it was closed before).
slotway_status slotway_worker_close(struct slotway_worker *worker);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SLOTWAY_H */
