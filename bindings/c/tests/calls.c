/* Takes activities and calls them with a hub in between, every function as it is meant and as
 * it is not. It needs no client: it calls itself. Ends with 1 if any check failed. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define QUEUE "calls/one"
#define THREADS 6
#define MANY 1000

enum { ECHO_IT, SLOW, FAIL, BUSY, NESTED, FORGET, BREAK, TYPES };
static const char *const types[TYPES] = {"echo",   "slow",   "fail", "busy",
                                         "nested", "forget", "break"};

/* One takes, one calls. */
static slotway_worker *worker, *caller;

/* The hub remembers keys: one that no other run has. */
static char key[32];

/* What handlers have seen. */
static pthread_mutex_t seen = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint32_t begun[TYPES], first;
    unsigned cancelled;
    uint64_t id;
} saw;

static uint32_t begun(unsigned type)
{
    uint32_t count;
    pthread_mutex_lock(&seen);
    count = saw.begun[type];
    pthread_mutex_unlock(&seen);
    return count;
}

static unsigned cancelled(void)
{
    unsigned count;
    pthread_mutex_lock(&seen);
    count = saw.cancelled;
    pthread_mutex_unlock(&seen);
    return count;
}

static slotway_call call_of(unsigned type, const char *payload)
{
    slotway_call made = SLOTWAY_CALL_INIT;
    made.queue = view(QUEUE);
    made.activity = view(types[type]);
    made.payload = view(payload);
    made.timeout_ms = 20000;
    return made;
}

/* --- taking ---------------------------------------------------------------------------- */

static void answer(slotway_request *request, uint32_t status, slotway_view type, slotway_view body)
{
    slotway_field header = SLOTWAY_FIELD("content-type", "");
    header.value = type;
    GIVES(SLOTWAY_OK, slotway_request_respond(request, status, &header, type.length > 0, body.data,
                                              body.length));
}

static void handle(slotway_request *request)
{
    slotway_activity activity = SLOTWAY_ACTIVITY_INIT;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_view body = SLOTWAY_VIEW_INIT, type = SLOTWAY_VIEW_INIT;
    slotway_call inner;
    uint32_t kind, time;

    GIVES(SLOTWAY_OK, slotway_request_head(request, &head));
    GIVES(SLOTWAY_OK, slotway_request_activity(request, &activity));
    CHECK(is(head.method, "POST") && activity.attempt > 0 && activity.id > 0);
    CHECK(is(activity.queue, QUEUE));
    kind = head.route_index - saw.first;
    CHECK(kind < TYPES && is(activity.type, types[kind]));
    if (kind >= TYPES)
        return;
    pthread_mutex_lock(&seen);
    time = ++saw.begun[kind];
    CHECK(activity.id != saw.id || activity.attempt > 1 || kind == BUSY);
    saw.id = activity.id;
    pthread_mutex_unlock(&seen);

    GIVES(SLOTWAY_OK, slotway_request_body(request, 20000, &body));
    GIVES(SLOTWAY_OK, slotway_request_header(request, "content-type", &type));
    switch (kind) {
    case ECHO_IT:
        CHECK(body.length < 4 || memcmp(body.data, "key ", 4) != 0 || is(activity.key, key));
        answer(request, 200, type, body);
        break;
    case SLOW:
        GIVES(SLOTWAY_OK, slotway_request_wait_cancelled(request, 20000));
        pthread_mutex_lock(&seen);
        saw.cancelled++;
        pthread_mutex_unlock(&seen);
        break;
    case FAIL:
        CHECK(activity.attempt == time);
        answer(request, 500, view("text/plain"), view("it failed"));
        break;
    case BUSY:
        /* Not now, once; and that counts as not begun. */
        CHECK(activity.attempt == 1 && activity.key.data == NULL);
        if (time > 1)
            answer(request, 200, view(""), view("at last"));
        else
            GIVES(SLOTWAY_OK, slotway_request_busy(request));
        break;
    case NESTED:
        inner = call_of(ECHO_IT, "from within");
        GIVES(SLOTWAY_OK, slotway_worker_call(worker, &inner, -1, &calling, &reply));
        answer(request, reply.status + 1, reply.content_type, reply.body);
        GIVES(SLOTWAY_OK, slotway_calling_close(calling));
        break;
    case BREAK:
        GIVES(SLOTWAY_OK, slotway_request_abort(request));
        break;
    default:
        /* Forgotten. */
        break;
    }
}

static void *serve(void *unused)
{
    slotway_request *request;
    slotway_status status;

    while ((status = slotway_worker_next(worker, -1, &request)) == SLOTWAY_OK) {
        handle(request);
        GIVES(SLOTWAY_OK, slotway_request_close(request));
    }
    CHECK(status == SLOTWAY_E_CLOSED);
    return unused;
}

/* --- calling --------------------------------------------------------------------------- */

/* Everything that a call may say, and that a reply says. */
static void fields(void)
{
    slotway_call call = call_of(ECHO_IT, "key and all");
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_view none = SLOTWAY_VIEW_INIT;

    call.content_type = view("text/x-said");
    call.key = view(key);
    call.flags = SLOTWAY_CALL_IDEMPOTENT;
    call.attempts = 3;
    call.backoff_ms = 10;
    GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, 20000, &calling, &reply));
    CHECK(reply.status == 200 && reply.attempts == 1 && reply.flags == 0);
    CHECK(is(reply.content_type, "text/x-said") && is(reply.body, "key and all"));
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));

    /* The same key again: what came out of it then, and nothing is done. */
    GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(reply.flags == SLOTWAY_REPLY_REPLAYED && is(reply.body, "key and all"));
    CHECK(begun(ECHO_IT) == 1);
    /* Its outcome stays until it is closed. */
    memset(&reply, 0x55, sizeof reply);
    reply.size = sizeof reply;
    GIVES(SLOTWAY_OK, slotway_calling_wait(calling, 0, &reply));
    CHECK(reply.status == 200 && is(reply.body, "key and all") && reply.reserved == 0);
    GIVES(SLOTWAY_OK, slotway_calling_poll(calling, &reply));
    CHECK(is(reply.body, "key and all"));
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));
    GIVES(SLOTWAY_E_CLOSED, slotway_calling_close(calling));
    GIVES(SLOTWAY_E_CLOSED, slotway_calling_wait(calling, 0, &reply));
    GIVES(SLOTWAY_E_CLOSED, slotway_calling_poll(calling, &reply));
    GIVES(SLOTWAY_OK, slotway_calling_close(NULL));

    /* And for something else it cannot be used. */
    call.payload = view("key of something else");
    GIVES(SLOTWAY_E_CALL, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_last_call_end() == SLOTWAY_END_KEY_REUSED);

    /* Nothing but what must be. */
    call = call_of(ECHO_IT, "");
    call.payload = none;
    call.timeout_ms = 0;
    GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(reply.status == 200 && reply.body.length == 0 && reply.content_type.length == 0);
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));
}

/* Answers of every kind are outcomes; and what is none says what happened. */
static void outcomes(void)
{
    static const struct {
        unsigned type;
        uint32_t status;
        const char *body;
    } answers[] = {{FAIL, 500, "it failed"}, {BUSY, 200, "at last"}, {NESTED, 201, "from within"}};
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_call call;
    size_t n;

    for (n = 0; n < sizeof answers / sizeof *answers; n++) {
        call = call_of(answers[n].type, "");
        GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, -1, &calling, &reply));
        CHECK(reply.status == answers[n].status && is(reply.body, answers[n].body));
        CHECK(reply.attempts == 1);
        GIVES(SLOTWAY_OK, slotway_calling_close(calling));
    }
    call = call_of(FORGET, "");
    GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(reply.status == 500);
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));

    /* Begun again, because that is allowed: its handler counts along. */
    call = call_of(FAIL, "");
    pthread_mutex_lock(&seen);
    saw.begun[FAIL] = 0;
    pthread_mutex_unlock(&seen);
    call.flags = SLOTWAY_CALL_IDEMPOTENT;
    call.attempts = 3;
    call.backoff_ms = 1;
    GIVES(SLOTWAY_OK, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(reply.status == 500 && reply.attempts == 3 && begun(FAIL) == 3);
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));

    calling = NULL;
    call = call_of(BREAK, "");
    GIVES(SLOTWAY_E_CALL, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_last_call_end() == SLOTWAY_END_BAD_ANSWER);
    SAYS("bad_answer");
    call = call_of(ECHO_IT, "");
    call.activity = view("unknown");
    GIVES(SLOTWAY_E_CALL, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_last_call_end() == SLOTWAY_END_NO_ACTIVITY);
    call.queue = view("calls/none");
    GIVES(SLOTWAY_E_CALL, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_last_call_end() == SLOTWAY_END_NO_QUEUE && slotway_last_retry_after_ms() == 0);
    SAYS("calls/none");
    CHECK(strcmp(slotway_call_end_name(slotway_last_call_end()), "no_queue") == 0);
    CHECK(calling == NULL);
}

/* Calls that cannot be, each by a sentence that says why. */
static void no_calls(void)
{
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_call call = call_of(ECHO_IT, "");
    char *large = (char *)calloc(1, (5 << 20) + 1);

    call.queue = view("calls");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_call(caller, &call, -1, &calling, &reply));
    SAYS("\"calls\"");
    call.queue = view(QUEUE);
    call.activity = view("two words");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_begin_call(caller, &call, -1, &calling));
    call.activity = view("echo");
    call.key = view("");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_try_begin_call(caller, &call, &calling));
    SAYS("key is empty");
    call = call_of(ECHO_IT, "");
    call.attempts = 2;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_call(caller, &call, -1, &calling, &reply));
    SAYS("SLOTWAY_CALL_IDEMPOTENT");
    call.size = 8;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_call(caller, &call, -1, &calling, &reply));
    call = call_of(ECHO_IT, "");
    if (large != NULL) {
        call.payload.data = large;
        call.payload.length = (5 << 20) + 1;
        GIVES(SLOTWAY_E_TOO_LARGE, slotway_worker_call(caller, &call, -1, &calling, &reply));
    }
    free(large);
    /* A reply that says no size costs the call nothing but its outcome's first look. */
    call = call_of(ECHO_IT, "x");
    GIVES(SLOTWAY_OK, slotway_worker_begin_call(caller, &call, -1, &calling));
    reply.size = 0;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_calling_wait(calling, -1, &reply));
    SAYS("reply.size is 0");
    reply.size = sizeof reply;
    GIVES(SLOTWAY_OK, slotway_calling_wait(calling, -1, &reply));
    CHECK(is(reply.body, "x"));
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));
}

static void until(bool (*holds)(void))
{
    int rounds;
    for (rounds = 0; rounds < 2000 && !holds(); rounds++)
        poll(NULL, 0, 10);
    CHECK(holds());
}

static bool one_cancelled(void) { return cancelled() == 1; }
static bool two_cancelled(void) { return cancelled() == 2; }
static bool three_cancelled(void) { return cancelled() == 3; }
static bool two_begun(void) { return begun(SLOW) == 2; }
static bool three_begun(void) { return begun(SLOW) == 3; }
static bool four_begun(void) { return begun(SLOW) == 4; }
static bool four_cancelled(void) { return cancelled() == 4; }

static void *wait_for_it(void *calling)
{
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_status status = slotway_calling_wait((slotway_calling *)calling, -1, &reply);
    /* Closed while this waited, or before it did: nobody can tell which comes first. */
    CHECK(status == SLOTWAY_E_CANCELLED || status == SLOTWAY_E_CLOSED);
    return NULL;
}

/* Whoever is not waited for any more is told: by the deadline, by closing the call, by the
 * time to wait, and by the end of the caller. */
static void hanging_up(void)
{
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_call call = call_of(SLOW, "");
    pthread_t thread;

    call.timeout_ms = 1000;
    GIVES(SLOTWAY_E_CALL, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_last_call_end() == SLOTWAY_END_DEADLINE);
    until(one_cancelled);

    call.timeout_ms = 20000;
    GIVES(SLOTWAY_OK, slotway_worker_begin_call(caller, &call, -1, &calling));
    CHECK(pthread_create(&thread, NULL, wait_for_it, calling) == 0);
    until(two_begun);
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));
    pthread_join(thread, NULL);
    until(two_cancelled);

    calling = NULL;
    GIVES(SLOTWAY_E_TIMEOUT, slotway_worker_call(caller, &call, 1000, &calling, &reply));
    until(three_begun);
    until(three_cancelled);
    CHECK(calling == NULL);

    GIVES(SLOTWAY_OK, slotway_worker_begin_call(caller, &call, -1, &calling));
    GIVES(SLOTWAY_E_TIMEOUT, slotway_calling_wait(calling, 0, &reply));
    GIVES(SLOTWAY_E_AGAIN, slotway_calling_poll(calling, &reply));
    until(four_begun);
    GIVES(SLOTWAY_OK, slotway_worker_close(caller));
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_call(caller, &call, -1, &calling, &reply));
    CHECK(slotway_calling_wait(calling, -1, &reply) != SLOTWAY_OK);
    GIVES(SLOTWAY_OK, slotway_calling_close(calling));
    until(four_cancelled);
}

/* A thousand calls over one descriptor; each has its own outcome. */
static void event_loop(void)
{
    static char payloads[MANY][16];
    slotway_calling *ready[32], *calling;
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    struct pollfd poller;
    size_t started = 0, done = 0, count = 0, n;
    void *userdata = NULL;

    GIVES(SLOTWAY_OK, slotway_worker_poll_fd(caller, &poller.fd));
    poller.events = POLLIN;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_take_calls(caller, 0, ready, &count));
    while (done < MANY && failures == 0) {
        slotway_request *none;

        GIVES(SLOTWAY_OK, slotway_worker_take(caller, 1, &none, &count));
        CHECK(count == 0);
        do {
            GIVES(SLOTWAY_OK, slotway_worker_take_calls(caller, 32, ready, &count));
            for (n = 0; n < count; n++) {
                slotway_status status = slotway_calling_poll(ready[n], &reply);
                if (status == SLOTWAY_E_AGAIN)
                    continue;
                GIVES(SLOTWAY_OK, status);
                GIVES(SLOTWAY_OK, slotway_calling_userdata(ready[n], &userdata));
                CHECK(reply.status == 200 && is(reply.body, (const char *)userdata));
                GIVES(SLOTWAY_OK, slotway_calling_close(ready[n]));
                done++;
            }
        } while (count == 32);
        while (started < MANY) {
            slotway_call call;
            slotway_status status;

            snprintf(payloads[started], sizeof *payloads, "number %zu", started);
            call = call_of(ECHO_IT, payloads[started]);
            status = slotway_worker_try_begin_call(caller, &call, &calling);
            if (status == SLOTWAY_E_AGAIN)
                break;
            GIVES(SLOTWAY_OK, status);
            if (status != SLOTWAY_OK)
                return;
            GIVES(SLOTWAY_OK, slotway_calling_userdata(calling, &userdata));
            CHECK(userdata == NULL);
            GIVES(SLOTWAY_OK, slotway_calling_set_userdata(calling, payloads[started++]));
            status = slotway_calling_poll(calling, &reply);
            if (status != SLOTWAY_E_AGAIN) {
                GIVES(SLOTWAY_OK, status);
                CHECK(is(reply.body, payloads[started - 1]));
                GIVES(SLOTWAY_OK, slotway_calling_close(calling));
                done++;
            }
        }
        if (done < MANY)
            CHECK(poll(&poller, 1, 20000) == 1);
    }
    CHECK(done == MANY && started == MANY);
    GIVES(SLOTWAY_OK, slotway_worker_take_calls(caller, 32, ready, &count));
    CHECK(count == 0);
}

int main(void)
{
    slotway_queue_options options = SLOTWAY_QUEUE_OPTIONS_INIT;
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_call early = call_of(ECHO_IT, "");
    pthread_t threads[THREADS];
    size_t count = 0, n;

    snprintf(key, sizeof key, "key-%ld", (long)getpid());
    GIVES(SLOTWAY_OK, slotway_worker_new(NULL, &worker));
    GIVES(SLOTWAY_E_OUT_OF_ORDER,
          slotway_worker_queue(worker, QUEUE, types, TYPES, NULL, &saw.first));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "calls", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/calls", 0, NULL));
    options.size = 4;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_queue(worker, QUEUE, types, TYPES, &options, &saw.first));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_queue(worker, QUEUE, NULL, TYPES, NULL, &saw.first));
    options.size = sizeof options;
    options.capacity = THREADS;
    GIVES(SLOTWAY_OK, slotway_worker_queue(worker, QUEUE, types, TYPES, &options, &saw.first));
    CHECK(saw.first == 1);
    GIVES(SLOTWAY_OK, slotway_worker_new(NULL, &caller));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_call(caller, &early, -1, &calling, &reply));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_take_calls(caller, 1, &calling, &count));
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 20000));
    GIVES(SLOTWAY_OK, slotway_worker_connect(caller, 20000));
    for (n = 0; n < THREADS; n++)
        CHECK(pthread_create(&threads[n], NULL, serve, NULL) == 0);
    fields();
    outcomes();
    no_calls();
    event_loop();
    hanging_up();
    GIVES(SLOTWAY_OK, slotway_worker_drain(worker));
    for (n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
