/* Calls every function of events and streams with a hub at the other end, as it is meant
 * and as it is not. It needs no client: it publishes to itself. Ends with 1 if any check
 * failed. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdlib.h>

#include "check.h"

#define ROOM 64

static slotway_worker *worker;

static slotway_event event(const char *topic, const char *payload)
{
    slotway_event made = SLOTWAY_EVENT_INIT;
    made.topic = view(topic);
    made.payload = view(payload);
    return made;
}

static slotway_subscription *subscribe(const char *pattern,
                                       const slotway_subscription_options *options)
{
    slotway_subscription *subscription = NULL;
    slotway_view one = view(pattern);
    GIVES(SLOTWAY_OK, slotway_worker_subscribe(worker, &one, 1, options, 20000, &subscription));
    return subscription;
}

/* One event with everything, and one with nothing. */
static void fields(void)
{
    slotway_subscription *subscription = subscribe("bus.fields.*", NULL);
    slotway_event full = event("bus.fields.full", "what\nit says");
    slotway_event bare = event("bus.fields.bare", "");
    slotway_delivery deliveries[ROOM];
    size_t count = 0, published = 0;

    full.type = view("told");
    full.id = view("id-1");
    full.principal = view("ann");
    full.flags = SLOTWAY_EVENT_MUST_DELIVER;
    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, &full, 1, -1, &published));
    CHECK(published == 1);
    GIVES(SLOTWAY_OK, slotway_subscription_next(subscription, ROOM, 20000, deliveries, &count));
    CHECK(count == 1 && is(deliveries[0].topic, "bus.fields.full"));
    CHECK(is(deliveries[0].type, "told") && is(deliveries[0].id, "id-1"));
    CHECK(is(deliveries[0].principal, "ann") && is(deliveries[0].payload, "what\nit says"));
    CHECK(deliveries[0].seq > 0 && deliveries[0].time_us > 0);
    CHECK(deliveries[0].flags == 0 && deliveries[0].missed == 0 && deliveries[0].reserved == 0);

    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, &bare, 1, 20000, NULL));
    bare.flags = SLOTWAY_EVENT_SYSTEM;
    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, &bare, 1, 0, NULL));
    GIVES(SLOTWAY_OK, slotway_subscription_next(subscription, 1, 20000, deliveries, &count));
    CHECK(count == 1 && is(deliveries[0].type, "message") && deliveries[0].id.data == NULL);
    /* It is the worker's own: the name of its first registration. */
    CHECK(is(deliveries[0].principal, "bus") && deliveries[0].payload.length == 0);
    GIVES(SLOTWAY_OK, slotway_subscription_next(subscription, 1, 20000, deliveries, &count));
    CHECK(count == 1 && deliveries[0].principal.data == NULL);
    GIVES(SLOTWAY_E_TIMEOUT, slotway_subscription_next(subscription, 1, 1, deliveries, &count));
    GIVES(SLOTWAY_OK, slotway_subscription_close(subscription));
}

/* What cannot be published says so, and nothing of its batch is. */
static void refused_here(void)
{
    slotway_subscription *subscription = subscribe("bus.refused", NULL);
    slotway_event events[3];
    slotway_refusal refusals[4];
    slotway_delivery delivery;
    char *large = (char *)calloc(1, (5 << 20) + 1);
    size_t count = 9, n;

    for (n = 0; n < 3; n++)
        events[n] = event("bus.refused", "x");
    events[1].topic = view("no..topic");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    SAYS("no..topic");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_try_publish(worker, events, 3, &count));
    events[1] = event("bus.refused", "x");
    events[1].type = view("two\nlines");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    events[1].type = view("\xff");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    SAYS("events[1].type");
    events[1] = event("bus.refused", "x");
    events[1].flags = SLOTWAY_EVENT_TERMINAL;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    events[1].flags = 64;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    SAYS("events[1].flags is 0x40");
    events[1].flags = 0;
    events[1].size = 8;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    events[1] = event("bus.refused", "x");
    events[1].payload.data = NULL;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, events, 3, -1, &count));
    SAYS("events[1].payload");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_publish(worker, NULL, 1, -1, &count));
    if (large != NULL) {
        events[1].payload.data = large;
        events[1].payload.length = (5 << 20) + 1;
        GIVES(SLOTWAY_E_TOO_LARGE, slotway_worker_publish(worker, events, 3, -1, &count));
    }
    free(large);
    CHECK(count == 9);
    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, NULL, 0, -1, &count));
    CHECK(count == 0);
    GIVES(SLOTWAY_E_TIMEOUT, slotway_subscription_next(subscription, 1, 1, &delivery, &count));
    GIVES(SLOTWAY_OK, slotway_worker_take_refusals(worker, 4, refusals, &count));
    CHECK(count == 0);
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_take_refusals(worker, 0, refusals, &count));
    GIVES(SLOTWAY_OK, slotway_subscription_close(subscription));
}

/* Subscriptions that cannot be, each by a sentence that says why. */
static void no_subscriptions(void)
{
    slotway_subscription_options options = SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
    slotway_subscription *subscription = NULL;
    slotway_view patterns[2];

    patterns[0] = view("bus.*");
    patterns[1] = view("bus..x");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 2, NULL, -1, &subscription));
    SAYS("bus..x");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 0, NULL, -1, &subscription));
    options.flags = 64;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 1, &options, -1, &subscription));
    options.flags = SLOTWAY_SUBSCRIPTION_ROUTED | SLOTWAY_SUBSCRIPTION_DROP_NEWEST;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 1, &options, -1, &subscription));
    options.flags = 0;
    options.principal = view("ann");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 1, &options, -1, &subscription));
    options.flags = SLOTWAY_SUBSCRIPTION_ROUTED | SLOTWAY_SUBSCRIPTION_SYSTEM;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 1, &options, -1, &subscription));
    options.size = 4;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_subscribe(worker, patterns, 1, &options, -1, &subscription));
    CHECK(subscription == NULL);
}

/* A routed subscription takes one principal's events, and a late one what was before it. */
static void options(void)
{
    slotway_subscription_options asked = SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
    slotway_subscription *of_ann, *late;
    slotway_event events[4];
    slotway_delivery deliveries[ROOM];
    size_t count = 0, n;

    asked.flags = SLOTWAY_SUBSCRIPTION_ROUTED;
    asked.principal = view("ann");
    asked.capacity = 100;
    asked.queue = 100;
    of_ann = subscribe("bus.options", &asked);
    for (n = 0; n < 4; n++)
        events[n] = event("bus.options", n == 3 ? "last" : "other");
    events[1].principal = view("ben");
    events[3].principal = view("ann");
    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, events, 4, -1, &count));
    CHECK(count == 4);
    GIVES(SLOTWAY_OK, slotway_subscription_next(of_ann, ROOM, 20000, deliveries, &count));
    CHECK(count == 1 && is(deliveries[0].payload, "last"));
    asked.flags = SLOTWAY_SUBSCRIPTION_DROP_NEWEST;
    asked.principal = view("");
    asked.after = deliveries[0].seq - 1;
    late = subscribe("bus.options", &asked);
    GIVES(SLOTWAY_OK, slotway_subscription_next(late, ROOM, 20000, deliveries, &count));
    CHECK(count == 1 && is(deliveries[0].payload, "last"));
    GIVES(SLOTWAY_OK, slotway_subscription_close(of_ann));
    GIVES(SLOTWAY_OK, slotway_subscription_close(late));
}

/* Many in one call, out as they went in. */
static void batches(void)
{
    slotway_subscription *subscription = subscribe("bus.batches", NULL);
    static char numbers[500][8];
    static slotway_event events[500];
    slotway_delivery deliveries[ROOM];
    size_t n, count = 0, seen = 0;

    for (n = 0; n < 500; n++) {
        snprintf(numbers[n], sizeof *numbers, "%zu", n);
        events[n] = event("bus.batches", numbers[n]);
    }
    GIVES(SLOTWAY_OK, slotway_worker_publish(worker, events, 500, -1, &count));
    CHECK(count == 500);
    while (seen < 500) {
        if (slotway_subscription_next(subscription, ROOM, 20000, deliveries, &count) != SLOTWAY_OK)
            break;
        for (n = 0; n < count && seen < 500; n++)
            CHECK(is(deliveries[n].payload, numbers[seen++]));
    }
    CHECK(seen == 500);
    GIVES(SLOTWAY_OK, slotway_subscription_close(subscription));
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd poller;
    poller.fd = fd;
    poller.events = POLLIN;
    return poll(&poller, 1, timeout_ms) == 1;
}

/* The one descriptor: readable for events, and not otherwise. */
static void event_loop(void)
{
    slotway_subscription *subscription = subscribe("bus.loop", NULL);
    slotway_request *requests[4];
    slotway_delivery deliveries[4];
    slotway_event one = event("bus.loop", "woken");
    size_t count = 9, published = 0, seen = 0, turns;
    int fd = -1;

    GIVES(SLOTWAY_OK, slotway_worker_poll_fd(worker, &fd));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_subscription_take(subscription, 0, deliveries, &count));
    for (turns = 0; turns < 100 && seen < 3; turns++) {
        GIVES(SLOTWAY_OK, slotway_worker_take(worker, 4, requests, &count));
        CHECK(count == 0);
        GIVES(SLOTWAY_OK, slotway_worker_take_notices(worker, 4, requests, &count));
        CHECK(count == 0);
        GIVES(SLOTWAY_OK, slotway_subscription_take(subscription, 4, deliveries, &count));
        if (count > 0) {
            CHECK(count == 1 && is(deliveries[0].payload, "woken"));
            seen++;
        }
        if (count > 0 || turns == 0)
            GIVES(SLOTWAY_OK, slotway_worker_try_publish(worker, &one, 1, &published));
        CHECK(readable(fd, 20000));
    }
    CHECK(seen == 3);
    GIVES(SLOTWAY_OK, slotway_subscription_close(subscription));
}

static void *wait_for_the_end(void *userdata)
{
    slotway_delivery delivery;
    size_t count = 0;
    GIVES(SLOTWAY_E_CLOSED, slotway_subscription_next((slotway_subscription *)userdata, 1, -1,
                                                      &delivery, &count));
    return NULL;
}

/* Closing wakes the thread that waits: a subscription's, and a worker's. */
static void ends(void)
{
    slotway_subscription *one = subscribe("bus.ends", NULL), *other = subscribe("bus.ends", NULL);
    slotway_delivery delivery;
    pthread_t threads[2];
    size_t count = 9;

    CHECK(pthread_create(&threads[0], NULL, wait_for_the_end, one) == 0);
    CHECK(pthread_create(&threads[1], NULL, wait_for_the_end, other) == 0);
    poll(NULL, 0, 50);
    GIVES(SLOTWAY_OK, slotway_subscription_close(one));
    pthread_join(threads[0], NULL);
    GIVES(SLOTWAY_E_CLOSED, slotway_subscription_close(one));
    GIVES(SLOTWAY_E_CLOSED, slotway_subscription_next(one, 1, 0, &delivery, &count));
    GIVES(SLOTWAY_E_CLOSED, slotway_subscription_take(one, 1, &delivery, &count));
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
    pthread_join(threads[1], NULL);
    GIVES(SLOTWAY_E_CLOSED, slotway_subscription_next(other, 1, -1, &delivery, &count));
    GIVES(SLOTWAY_OK, slotway_subscription_close(other));
    GIVES(SLOTWAY_OK, slotway_subscription_close(NULL));
    CHECK(count == 9);
}

/* Streams: without clients there is nobody to push to. */
static void pushes(void)
{
    slotway_push push = SLOTWAY_PUSH_INIT, many[2];
    slotway_field room = SLOTWAY_FIELD("room", "7");
    uint32_t status = 0;
    size_t count = 9;

    push.data = view("hello");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_push(worker, &push, -1, &status));
    SAYS("set one of them");
    push.path = view("/bus/7");
    GIVES(SLOTWAY_OK, slotway_worker_push(worker, &push, 20000, &status));
    CHECK(status == 404);
    push.connection = 7;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_push(worker, &push, -1, &status));
    push.path = view("");
    push.flags = SLOTWAY_PUSH_CLOSE;
    GIVES(SLOTWAY_OK, slotway_worker_push(worker, &push, 20000, &status));
    CHECK(status == 404);
    push.flags = 2;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_push(worker, &push, -1, &status));
    push.flags = 0;
    push.connection = 0;
    push.pattern = view("/bus/{room}");
    push.params = &room;
    push.param_count = 1;
    GIVES(SLOTWAY_OK, slotway_worker_push(worker, &push, 20000, &status));
    CHECK(status == 404);
    push.pattern = view("no slash {");
    GIVES(SLOTWAY_OK, slotway_worker_push(worker, &push, 20000, &status));
    CHECK(status == 400);
    push.pattern = view("/bus/{room}");
    push.type = view("two\rlines");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_push(worker, &push, -1, &status));
    push.type = view("one");

    many[0] = push;
    many[1] = push;
    GIVES(SLOTWAY_OK, slotway_worker_push_many(worker, many, 2, -1, &count));
    CHECK(count == 2);
    GIVES(SLOTWAY_OK, slotway_worker_try_push_many(worker, many, 2, &count));
    CHECK(count == 2);
    /* Those before the one that cannot be go, and it says why when it is the first. */
    many[1].path = view("/bus/7");
    GIVES(SLOTWAY_OK, slotway_worker_push_many(worker, many, 2, 0, &count));
    CHECK(count == 1);
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_try_push_many(worker, many + 1, 1, &count));
    SAYS("pushes[0]");
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_push_many(worker, NULL, 1, -1, &count));
    GIVES(SLOTWAY_OK, slotway_worker_push_many(worker, NULL, 0, -1, NULL));
}

int main(void)
{
    slotway_event early = event("bus.early", "x");
    slotway_subscription *subscription = NULL;
    slotway_view pattern = SLOTWAY_LITERAL("bus.*");
    size_t count = 0;

    GIVES(SLOTWAY_OK, slotway_worker_new(NULL, &worker));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "bus", NULL, NULL));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT,
          slotway_worker_route(worker, "POST", "/bus/{room}", SLOTWAY_ROUTE_SSE, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/bus/{room}", SLOTWAY_ROUTE_SSE, NULL));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_publish(worker, &early, 1, -1, &count));
    GIVES(SLOTWAY_E_OUT_OF_ORDER,
          slotway_worker_subscribe(worker, &pattern, 1, NULL, -1, &subscription));
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 20000));
    fields();
    refused_here();
    no_subscriptions();
    options();
    batches();
    pushes();
    event_loop();
    ends();
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_publish(worker, &early, 1, -1, &count));
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
