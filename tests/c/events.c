/*
 * A worker that publishes, subscribes, and owns streams, in one program each:
 *
 *   events HUB publish TOPIC COUNT BYTES BATCH PAUSE
 *                                                a thread that publishes; COUNT 0 is for ever,
 *                                                PAUSE, in microseconds, comes after each batch
 *   events HUB listen PATTERN…                   an event loop that prints what comes; with "-"
 *                                                first it reads the first only after SIGUSR1
 *   events HUB offer TOPIC COUNT BYTES           an event loop that, after SIGUSR1, publishes as
 *                                                far as there is room
 *   events HUB streams                           an event loop with GET /sse/{room}, POST
 *                                                /push/{how}/{whom}, POST /tokens/{room}/{count}
 *
 * All but the first end by SIGTERM, and that one stays when it is done.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "slotway.h"

enum { BATCH = 64, SUBSCRIPTIONS = 8, PAYLOAD = 1 << 16 };

static slotway_worker *worker;
static volatile sig_atomic_t ending, released;

static void check(slotway_status status)
{
    if (status == SLOTWAY_OK)
        return;
    printf("worker: %s %s %s\n", slotway_status_name(status), slotway_last_refusal(),
           slotway_last_error());
    exit(1);
}

static slotway_view view(const char *text)
{
    slotway_view made = SLOTWAY_VIEW_INIT;
    made.data = text;
    made.length = strlen(text);
    return made;
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- publish -------------------------------------------------------------------------- */

/* Event number n is its number in ten digits and letters that follow from it, so that one
 * that is torn or mixed with another is found out. */
static size_t fill(char *into, uint64_t n, uint64_t bytes)
{
    size_t length = bytes <= 10 ? 10 : (size_t)(10 + n * 7919 % (bytes - 9));
    snprintf(into, 11, "%010" PRIu64, n % 10000000000);
    memset(into + 10, 'a' + (int)(n % 26), length - 10);
    return length;
}

static int publish(char **args)
{
    static char payloads[BATCH][PAYLOAD];
    slotway_event events[BATCH], blank = SLOTWAY_EVENT_INIT;
    uint64_t count = strtoull(args[1], NULL, 10), bytes = strtoull(args[2], NULL, 10), done = 0;
    uint64_t begun, pause_us = strtoull(args[4], NULL, 10);
    size_t batch = strtoull(args[3], NULL, 10), n, published;
    if (bytes > PAYLOAD || batch == 0 || batch > BATCH)
        return 2;
    blank.topic = view(args[0]);
    blank.type = view("token");
    printf("worker: publishing\n");
    fflush(stdout);
    begun = now_us();
    while (count == 0 || done < count) {
        size_t left = count != 0 && count - done < batch ? (size_t)(count - done) : batch;
        for (n = 0; n < left; n++) {
            events[n] = blank;
            events[n].payload.data = payloads[n];
            events[n].payload.length = fill(payloads[n], done + n, bytes);
        }
        check(slotway_worker_publish(worker, events, left, -1, &published));
        done += published;
        if (pause_us > 0)
            usleep((useconds_t)pause_us);
    }
    printf("worker: published %" PRIu64 " in %" PRIu64 " us\n", done, now_us() - begun);
    fflush(stdout);
    for (;;)
        pause();
}

/* --- the loop ------------------------------------------------------------------------- */

static void end(int signal)
{
    if (signal == SIGUSR1)
        released = 1;
    else
        ending = 1;
}

/* Runs until `turn` gives 0. Signals come while it waits and not otherwise. */
static int loop(int (*turn)(void))
{
    struct pollfd watched = {-1, POLLIN, 0};
    struct sigaction action;
    sigset_t ends, before;
    int drained = 0;
    memset(&action, 0, sizeof action);
    action.sa_handler = end;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGUSR1);
    sigprocmask(SIG_BLOCK, &ends, &before);
    check(slotway_worker_poll_fd(worker, &watched.fd));
    printf("worker: ready\n");
    fflush(stdout);
    while (turn()) {
        fflush(stdout);
        if (ending && !drained) {
            drained = 1;
            check(slotway_worker_drain(worker));
            continue;
        }
        if (ppoll(&watched, 1, NULL, &before) < 0 && errno != EINTR)
            return 1;
    }
    check(slotway_worker_close(worker));
    return 0;
}

/* Takes requests, gives each to `serve`, and takes notices. 0: the worker has ended. */
static int take(void (*serve)(slotway_request *))
{
    slotway_request *requests[BATCH];
    size_t count, n;
    do {
        slotway_status status = slotway_worker_take(worker, BATCH, requests, &count);
        if (status == SLOTWAY_E_CLOSED)
            return 0;
        check(status);
        for (n = 0; n < count; n++)
            serve(requests[n]);
    } while (count == BATCH);
    check(slotway_worker_take_notices(worker, BATCH, requests, &count));
    return 1;
}

/* --- offer ---------------------------------------------------------------------------- */

static struct {
    slotway_view topic;
    uint64_t count, bytes, done;
    bool full;
} offered;

static void serve_nothing(slotway_request *request)
{
    check(slotway_request_close(request));
}

static int offer_turn(void)
{
    static char payload[PAYLOAD];
    if (!take(serve_nothing))
        return 0;
    while (released && offered.done < offered.count) {
        slotway_event event = SLOTWAY_EVENT_INIT;
        slotway_status status;
        size_t published = 0;
        event.topic = offered.topic;
        event.type = view("token");
        event.payload.data = payload;
        event.payload.length = fill(payload, offered.done, offered.bytes);
        status = slotway_worker_try_publish(worker, &event, 1, &published);
        if (status == SLOTWAY_E_AGAIN) {
            if (!offered.full)
                printf("worker: full\n");
            offered.full = true;
            return 1;
        }
        check(status);
        offered.done += published;
        if (offered.done == offered.count)
            printf("worker: offered %" PRIu64 "\n", offered.done);
    }
    return 1;
}

static int offer(char **args)
{
    offered.topic = view(args[0]);
    offered.count = strtoull(args[1], NULL, 10);
    offered.bytes = strtoull(args[2], NULL, 10);
    if (offered.bytes > PAYLOAD)
        return 2;
    return loop(offer_turn);
}

/* --- listen --------------------------------------------------------------------------- */

static slotway_subscription *subscriptions[SUBSCRIPTIONS];
static size_t subscribed, held;

static void print(size_t which, const slotway_delivery *delivery)
{
    if (delivery->flags & SLOTWAY_DELIVERY_GAP) {
        printf("worker: %zu gap %" PRIu64 "%s %.*s\n", which, delivery->missed,
               delivery->flags & SLOTWAY_DELIVERY_AT_LEAST ? "+" : "",
               (int)delivery->principal.length, delivery->principal.data);
        return;
    }
    printf("worker: %zu event %" PRIu64 " %.*s %.*s [%.*s] [%.*s] %.*s\n", which, delivery->seq,
           (int)delivery->topic.length, delivery->topic.data, (int)delivery->type.length,
           delivery->type.data, (int)delivery->principal.length, delivery->principal.data,
           (int)delivery->id.length, delivery->id.data, (int)delivery->payload.length,
           delivery->payload.data);
}

static int listen_turn(void)
{
    slotway_delivery deliveries[BATCH];
    size_t count, n, which;
    if (!take(serve_nothing))
        return 0;
    for (which = released ? 0 : held; which < subscribed; which++) {
        do {
            slotway_status status = slotway_subscription_take(subscriptions[which], BATCH,
                                                              deliveries, &count);
            if (status == SLOTWAY_E_CLOSED)
                return 0;
            check(status);
            for (n = 0; n < count; n++)
                print(which, &deliveries[n]);
        } while (count == BATCH);
    }
    return 1;
}

static int listen_to(char **patterns)
{
    if (strcmp(*patterns, "-") == 0) {
        held = 1;
        patterns++;
    }
    for (; *patterns != NULL && subscribed < SUBSCRIPTIONS; patterns++, subscribed++) {
        slotway_subscription_options options = SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
        slotway_view pattern = view(*patterns);
        /* The first keeps little here, the others enough for a crowd. */
        options.queue = subscribed < held ? 16 : 1 << 20;
        options.capacity = subscribed < held ? 16 : 0;
        check(slotway_worker_subscribe(worker, &pattern, 1, &options, 20000,
                                       &subscriptions[subscribed]));
    }
    return loop(listen_turn);
}

/* --- streams -------------------------------------------------------------------------- */

static const slotway_field plain = SLOTWAY_FIELD("content-type", "text/plain");

/* Tokens that there was no room for. */
static struct {
    char path[64];
    uint64_t at, total;
} crowd;

static void copy_param(slotway_request *request, const char *name, char into[64])
{
    slotway_view value = SLOTWAY_VIEW_INIT;
    size_t length;
    slotway_request_param(request, name, &value);
    length = value.length < 63 ? value.length : 63;
    if (length > 0)
        memcpy(into, value.data, length);
    into[length] = '\0';
}

static void answer(slotway_request *request, uint32_t status, const char *text)
{
    check(slotway_request_respond(request, status, &plain, 1, text, strlen(text)));
    check(slotway_request_close(request));
}

/* Pushes numbered tokens as far as there is room. */
static void push_crowd(void)
{
    char numbers[BATCH][24];
    slotway_push pushes[BATCH], blank = SLOTWAY_PUSH_INIT;
    while (crowd.at < crowd.total) {
        size_t count = 0, pushed;
        slotway_status status;
        blank.path = view(crowd.path);
        while (count < BATCH && crowd.at + count < crowd.total) {
            snprintf(numbers[count], sizeof *numbers, "%" PRIu64, crowd.at + count);
            pushes[count] = blank;
            pushes[count].data = view(numbers[count]);
            pushes[count].id = pushes[count].data;
            count++;
        }
        status = slotway_worker_try_push_many(worker, pushes, count, &pushed);
        if (status == SLOTWAY_E_AGAIN)
            return;
        check(status);
        crowd.at += pushed;
        if (crowd.at == crowd.total)
            printf("worker: pushed %" PRIu64 "\n", crowd.total);
    }
}

/* POST /push/{how}/{whom}: its body is the data, and its answer what became of it. */
static void serve_push(slotway_request *request)
{
    char how[64], whom[64], path[80], text[16];
    slotway_push push = SLOTWAY_PUSH_INIT;
    slotway_field room = SLOTWAY_FIELD("room", "");
    slotway_view query = SLOTWAY_VIEW_INIT;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_status status;
    uint32_t told = 0;
    copy_param(request, "how", how);
    copy_param(request, "whom", whom);
    check(slotway_request_head(request, &head));
    query = head.query;
    check(slotway_request_body(request, 5000, &push.data));
    if (strcmp(how, "path") == 0) {
        snprintf(path, sizeof path, "/sse/%s", whom);
        push.path = view(path);
    } else if (strcmp(how, "pattern") == 0) {
        room.value = view(whom);
        push.pattern = view("/sse/{room}");
        push.params = &room;
        push.param_count = 1;
    } else if (strcmp(how, "connection") == 0) {
        push.connection = strtoull(whom, NULL, 10);
    }
    if (query.length == 5 && memcmp(query.data, "close", 5) == 0)
        push.flags = SLOTWAY_PUSH_CLOSE;
    else
        push.type = query;
    status = slotway_worker_push(worker, &push, 5000, &told);
    if (status != SLOTWAY_OK) {
        answer(request, 500, slotway_last_error());
        return;
    }
    snprintf(text, sizeof text, "%" PRIu32, told);
    answer(request, 200, text);
}

/* GET /sse/{room}: a client comes or goes. "?refuse" refuses it. */
static void serve_sse(slotway_request *request)
{
    static const char *const words[] = {"nothing", "connect", "reconnect", "disconnect"};
    slotway_sse sse = SLOTWAY_SSE_INIT;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view mark = SLOTWAY_VIEW_INIT;
    char room[64];
    check(slotway_request_sse(request, &sse));
    check(slotway_request_head(request, &head));
    check(slotway_request_header(request, "x-mark", &mark));
    copy_param(request, "room", room);
    printf("worker: %s %" PRIu64 " %s [%.*s] [%.*s]\n", words[sse.what], sse.connection, room,
           (int)head.query.length, head.query.data, (int)mark.length, mark.data);
    if (head.query.length == 6 && memcmp(head.query.data, "refuse", 6) == 0 &&
        sse.what == SLOTWAY_SSE_CONNECT)
        answer(request, 402, "pay first");
    else
        answer(request, 200, "");
}

static void serve(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    char room[64], count[64];
    check(slotway_request_head(request, &head));
    switch (head.route_index) {
    case 0:
        serve_sse(request);
        break;
    case 1:
        serve_push(request);
        break;
    default:
        copy_param(request, "room", room);
        copy_param(request, "count", count);
        snprintf(crowd.path, sizeof crowd.path, "/sse/%.50s", room);
        crowd.at = 0;
        crowd.total = strtoull(count, NULL, 10);
        answer(request, 202, "begun");
        break;
    }
}

static int streams_turn(void)
{
    if (!take(serve))
        return 0;
    push_crowd();
    return 1;
}

int main(int argc, char **argv)
{
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    bool streams = argc == 3 && strcmp(argv[2], "streams") == 0;
    if (argc < 3)
        return 2;
    options.hub = argv[1];
    options.backoff_ms = 10;
    check(slotway_worker_new(&options, &worker));
    if (streams) {
        check(slotway_worker_register(worker, "streams", NULL, NULL));
        check(slotway_worker_route(worker, "GET", "/sse/{room}", SLOTWAY_ROUTE_SSE, NULL));
        check(slotway_worker_route(worker, "POST", "/push/{how}/{whom}", 0, NULL));
        check(slotway_worker_route(worker, "POST", "/tokens/{room}/{count}", 0, NULL));
    }
    check(slotway_worker_connect(worker, -1));
    if (streams)
        return loop(streams_turn);
    if (argc == 8 && strcmp(argv[2], "publish") == 0)
        return publish(argv + 3);
    if (argc == 6 && strcmp(argv[2], "offer") == 0)
        return offer(argv + 3);
    if (argc > 3 && strcmp(argv[2], "listen") == 0)
        return listen_to(argv + 3);
    return 2;
}
