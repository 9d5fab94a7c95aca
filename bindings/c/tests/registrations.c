/* A hundred registrations in one worker, with a hub at the other end: each by itself, some come
 * and go while it runs. It needs no client: it calls what it registers. Ends with 1 if any
 * check failed. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdlib.h>

#include "check.h"

#define COUNT 100
#define THREADS 3
#define CALLS 3

static const char *const who[] = {"who"};
static slotway_worker *worker;

/* Answers with the index of the registration that was meant. */
static void *serve(void *unused)
{
    slotway_request *request;
    slotway_status status;

    while ((status = slotway_worker_next(worker, -1, &request)) == SLOTWAY_OK) {
        slotway_head head = SLOTWAY_HEAD_INIT;
        char text[16];
        int length;

        GIVES(SLOTWAY_OK, slotway_request_head(request, &head));
        length = snprintf(text, sizeof text, "%u", (unsigned)head.registration);
        GIVES(SLOTWAY_OK, slotway_request_respond(request, 200, NULL, 0, text, (size_t)length));
        GIVES(SLOTWAY_OK, slotway_request_close(request));
    }
    CHECK(status == SLOTWAY_E_CLOSED);
    return unused;
}

/* Sets up a registration of its own queue; its index. */
static uint32_t set_up(const char *name, unsigned instance, unsigned queue)
{
    slotway_registration_options options = SLOTWAY_REGISTRATION_OPTIONS_INIT;
    char text[32];
    uint32_t index = UINT32_MAX, first = UINT32_MAX;

    snprintf(text, sizeof text, "i%u", instance);
    options.instance = text;
    options.max_concurrent = 2;
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, name, &options, &index));
    snprintf(text, sizeof text, "many/q%u", queue);
    GIVES(SLOTWAY_OK, slotway_worker_queue(worker, text, who, 1, NULL, &first));
    CHECK(first == 0);
    return index;
}

/* Whether the queue's activity is answered by the registration of that index, in time. */
static bool answers_within(uint32_t timeout_ms, unsigned queue, unsigned index)
{
    slotway_call call = SLOTWAY_CALL_INIT;
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling = NULL;
    slotway_status status;
    char text[32], expected[16];
    bool right = false;

    snprintf(text, sizeof text, "many/q%u", queue);
    snprintf(expected, sizeof expected, "%u", index);
    call.queue = view(text);
    call.activity = view("who");
    call.timeout_ms = timeout_ms;
    status = slotway_worker_call(worker, &call, -1, &calling, &reply);
    if (status == SLOTWAY_OK) {
        right = is(reply.body, expected);
        GIVES(SLOTWAY_OK, slotway_calling_close(calling));
    } else {
        CHECK(status == SLOTWAY_E_CALL);
    }
    return right;
}

static bool answers(unsigned queue, unsigned index)
{
    return answers_within(20000, queue, index);
}

static slotway_metrics metrics_of(uint32_t index)
{
    slotway_metrics metrics = SLOTWAY_METRICS_INIT;
    GIVES(SLOTWAY_OK, slotway_worker_metrics(worker, index, &metrics));
    CHECK(metrics.received == metrics.processed + metrics.failed + metrics.in_flight);
    return metrics;
}

/* Each comes at its own, and is counted there. */
static void each_by_itself(void)
{
    slotway_metrics metrics;
    unsigned n, round;

    for (round = 0; round < CALLS; round++)
        for (n = 0; n < COUNT; n++)
            CHECK(answers(n, n));
    for (n = 0; n < COUNT; n++) {
        GIVES(SLOTWAY_OK, slotway_worker_registered(worker, n));
        metrics = metrics_of(n);
        CHECK(metrics.state == SLOTWAY_REGISTRATION_LIVE && metrics.received == CALLS);
        CHECK(metrics.failed == 0 && metrics.disconnects == 0 && metrics.reconnects == 0);
        CHECK(metrics.bytes_in == 0 && metrics.bytes_out == CALLS * (n < 10 ? 1 : 2));
        CHECK(metrics.ending == SLOTWAY_ENDING_NONE && metrics.reserved == 0);
        CHECK(metrics.last_disconnect == SLOTWAY_ENDING_NONE && metrics.backoff_ms == 0);
    }
    metrics.size = 3;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_metrics(worker, 0, &metrics));
    metrics.size = sizeof metrics;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_metrics(worker, COUNT, &metrics));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_registered(worker, COUNT));
}

/* One goes, alone; and what comes instead has an index of its own. */
static void come_and_go(void)
{
    slotway_metrics gone;
    unsigned n;

    GIVES(SLOTWAY_OK, slotway_worker_withdraw(worker, 7, 20000));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_withdraw(worker, 7, 20000));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_registered(worker, 7));
    gone = metrics_of(7);
    CHECK(gone.state == SLOTWAY_REGISTRATION_WITHDRAWN && gone.received == CALLS);
    CHECK(gone.ending == SLOTWAY_ENDING_WITHDRAWN);
    CHECK(!answers_within(100, 7, 7));
    for (n = 0; n < COUNT; n += 9)
        CHECK(n == 7 || answers(n, n));

    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_add(worker, -1));
    CHECK(set_up("many", 7, 7) == COUNT);
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_register(worker, "more", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_add(worker, 20000));
    GIVES(SLOTWAY_OK, slotway_worker_registered(worker, COUNT));
    CHECK(answers(7, COUNT));

    /* A second one of its identity is named, and nothing was added. */
    CHECK(set_up("many", 8, 8) == COUNT + 1);
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_add(worker, -1));
    SAYS("many.i8");
    CHECK(answers(8, 8));
}

/* What the hub refuses takes none of the others down. */
static void refused_alone(void)
{
    slotway_metrics metrics;
    slotway_status status;
    uint32_t first = 0, second = 0;

    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "one", NULL, &first));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/taken", 0, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_add(worker, 20000));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "other", NULL, &second));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/taken", 0, NULL));
    CHECK(second == first + 1);
    GIVES(SLOTWAY_E_REFUSED, slotway_worker_add(worker, 20000));
    CHECK(strcmp(slotway_last_refusal(), "route_conflict") == 0);
    GIVES(SLOTWAY_OK, slotway_worker_registered(worker, first));
    status = slotway_worker_registered(worker, second);
    CHECK(status == SLOTWAY_E_REFUSED || status == SLOTWAY_E_AGAIN);
    metrics = metrics_of(second);
    CHECK(metrics.received == 0 && metrics.state != SLOTWAY_REGISTRATION_LIVE);
    GIVES(SLOTWAY_OK, slotway_worker_withdraw(worker, second, 20000));
    CHECK(answers(9, 9));
}

int main(void)
{
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    slotway_metrics metrics;
    pthread_t threads[THREADS];
    unsigned n;

    options.flags = 2;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_new(&options, &worker));
    SAYS("options.flags is 0x2");
    options.flags = SLOTWAY_WORKER_HOT_ADD;
    GIVES(SLOTWAY_OK, slotway_worker_new(&options, &worker));
    for (n = 0; n < COUNT; n++)
        CHECK(set_up("many", n, n) == n);
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_withdraw(worker, 0, -1));
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 20000));
    for (n = 0; n < THREADS; n++)
        CHECK(pthread_create(&threads[n], NULL, serve, NULL) == 0);
    /* One is live; the others are about to be. */
    for (n = 0; n < COUNT; n++) {
        unsigned rounds = 0;
        while (slotway_worker_registered(worker, n) == SLOTWAY_E_AGAIN && rounds++ < 2000)
            poll(NULL, 0, 10);
    }
    each_by_itself();
    come_and_go();
    refused_alone();

    /* The report: what is done is told until the worker is closed. */
    GIVES(SLOTWAY_OK, slotway_worker_drain(worker));
    for (n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
    for (n = 0; n < COUNT; n++) {
        metrics = metrics_of(n);
        CHECK(metrics.ending == (n == 7 ? SLOTWAY_ENDING_WITHDRAWN : SLOTWAY_ENDING_SHUTDOWN));
        CHECK(metrics.in_flight == 0 && metrics.received >= CALLS);
    }
    CHECK(strcmp(slotway_ending_name(metrics.ending), "shutdown") == 0);
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
