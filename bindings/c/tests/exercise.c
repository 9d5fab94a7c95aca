/* Calls every function with a hub at the other end, as it is meant and as it is not. Each
 * route of this worker is a case; run.sh sends the requests and looks at the answers. The
 * program ends with 1 if any check failed. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <pthread.h>
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void report(int line, const char *text, slotway_status status)
{
    fprintf(stderr, "exercise.c:%d: %s (status %s; last error: %s)\n", line, text,
            slotway_status_name(status), slotway_last_error());
    failures++;
}

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            report(__LINE__, #condition, slotway_last_status()); \
    } while (0)

/* A call gives a status; if it is an error, it is this thread's last one and has a text. */
#define GIVES(expected, call) \
    do { \
        slotway_status given_ = (call); \
        if (given_ != (expected)) \
            report(__LINE__, #call " gives " #expected, given_); \
        if ((expected) != SLOTWAY_OK && \
            (slotway_last_status() != (expected) || slotway_last_error()[0] == 0)) \
            report(__LINE__, #call " is the last error", given_); \
    } while (0)

static const slotway_field text_type = SLOTWAY_FIELD("content-type", "text/plain");

static bool is(slotway_view view, const char *text)
{
    return view.data != NULL && view.length == strlen(text) &&
           memcmp(view.data, text, view.length) == 0;
}

static void answer(slotway_request *request)
{
    GIVES(SLOTWAY_OK, slotway_request_respond(request, 200, &text_type, 1, "ok\n", 3));
}

/* POST /head/a%20b/x/y?q=1&r with x-twice: 1, x-twice: 2 and the body "hello". */
static void case_head(slotway_request *request)
{
    struct {
        slotway_head head;
        unsigned char newer[16];
    } grown;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_field fields[64];
    slotway_view view = SLOTWAY_VIEW_INIT;
    slotway_peer peer;
    slotway_trace trace;
    size_t count = 0, n, twice = 0;

    GIVES(SLOTWAY_OK, slotway_request_head(request, &head));
    CHECK(is(head.method, "POST") && is(head.path, "/head/a%20b/x/y"));
    CHECK(is(head.query, "q=1&r") && is(head.route, "/head/{one}/{*rest}"));
    CHECK(head.registration == 1 && head.route_index == 0 && head.http_version == 11);
    CHECK(head.content_length == 5 && head.param_count == 2);
    /* The client's, and what the hub adds. */
    CHECK(head.header_count >= 4);
    CHECK(head.response_capacity >= 4096 && head.deadline_ns != 0);

    memset(&grown, 0xff, sizeof grown);
    grown.head.size = sizeof grown;
    GIVES(SLOTWAY_OK, slotway_request_head(request, &grown.head));
    CHECK(grown.head.content_length == 5 && grown.newer[0] == 0 && grown.newer[15] == 0);
    grown.head.size = 3;
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_head(request, &grown.head));
    CHECK(grown.head.content_length == 5);

    GIVES(SLOTWAY_OK, slotway_request_param(request, "one", &view));
    CHECK(is(view, "a b"));
    GIVES(SLOTWAY_OK, slotway_request_param(request, "two", &view));
    CHECK(view.data == NULL && view.length == 0);
    GIVES(SLOTWAY_OK, slotway_request_params(request, 64, fields, &count));
    CHECK(count == 2 && is(fields[1].name, "rest") && is(fields[1].value, "x/y"));

    GIVES(SLOTWAY_OK, slotway_request_header(request, "X-TWICE", &view));
    CHECK(is(view, "1"));
    GIVES(SLOTWAY_OK, slotway_request_header(request, "x-none", &view));
    CHECK(view.data == NULL);
    GIVES(SLOTWAY_OK, slotway_request_headers(request, 64, fields, &count));
    CHECK(count == head.header_count);
    for (n = 0; n < count; n++)
        if (is(fields[n].name, "x-twice"))
            CHECK(is(fields[n].value, twice++ == 0 ? "1" : "2"));
    CHECK(twice == 2);
    GIVES(SLOTWAY_OK, slotway_request_headers(request, 1, fields, &count));
    CHECK(count == head.header_count);

    GIVES(SLOTWAY_OK, slotway_request_peer(request, &peer));
    CHECK(peer.family == 4 && peer.port != 0 && peer.address[0] == 127 && peer.address[3] == 1);
    GIVES(SLOTWAY_OK, slotway_request_trace(request, &trace));
    CHECK(trace.reserved[0] == 0);

    GIVES(SLOTWAY_OK, slotway_request_body(request, 5000, &view));
    CHECK(is(view, "hello"));
    answer(request);
}

/* Whatever cannot be sent leaves the request to be answered; and it is answered once. */
static void case_answers(slotway_request *request)
{
    static const slotway_field split = SLOTWAY_FIELD("x-split", "a\r\nb: c");
    static const slotway_field unnamed = SLOTWAY_FIELD("", "a");
    static const slotway_field wrong = SLOTWAY_FIELD("content-length", "4");
    slotway_field nowhere = SLOTWAY_FIELD("a", "b");
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view view = SLOTWAY_VIEW_INIT;
    char buffer[8];
    void *space = NULL;
    bool flag = true;
    size_t count = 0;

    nowhere.value.data = NULL;
    GIVES(SLOTWAY_E_INVALID_HEAD, slotway_request_respond(request, 99, NULL, 0, NULL, 0));
    GIVES(SLOTWAY_E_INVALID_HEAD, slotway_request_respond(request, 70000, NULL, 0, NULL, 0));
    GIVES(SLOTWAY_E_INVALID_HEAD, slotway_request_respond(request, 101, NULL, 0, NULL, 0));
    GIVES(SLOTWAY_E_INVALID_HEAD, slotway_request_respond(request, 200, &split, 1, NULL, 0));
    GIVES(SLOTWAY_E_INVALID_HEAD, slotway_request_respond(request, 200, &unnamed, 1, NULL, 0));
    GIVES(SLOTWAY_E_BODY_LENGTH, slotway_request_respond(request, 200, &wrong, 1, "abc", 3));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_respond(request, 200, NULL, 1, NULL, 0));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_respond(request, 200, &nowhere, 1, NULL, 0));
    CHECK(strstr(slotway_last_error(), "headers[0].value") != NULL);
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_respond(request, 200, NULL, 0, NULL, 1));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_respond(request, 200, NULL, 0, "", SIZE_MAX));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_write(request, "a", 1, 0));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_flush(request));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_finish(request));
    GIVES(SLOTWAY_OK, slotway_request_cancelled(request, &flag));
    CHECK(!flag);
    GIVES(SLOTWAY_OK, slotway_request_watch_cancelled(request, &flag));
    CHECK(!flag);
    GIVES(SLOTWAY_E_TIMEOUT, slotway_request_wait_cancelled(request, 1));
    answer(request);

    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_respond(request, 200, NULL, 0, NULL, 0));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_complete(request, 200, NULL, 0));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_start(request, 200, NULL, 0));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_write(request, "a", 1, -1));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_try_write(request, "a", 1, &count));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_reserve(request, 1, &space));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_commit(request, 0));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_flush(request));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_finish(request));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_abort(request));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_head(request, &head));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_param(request, "a", &view));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_header(request, "a", &view));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_body(request, -1, &view));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_peek(request, &view, &flag));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_wait(request, 0, -1));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_consume(request, 0));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_read(request, 8, -1, buffer, &count));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_try_read(request, 8, buffer, &count));
    GIVES(SLOTWAY_E_ALREADY_ANSWERED, slotway_request_wait_cancelled(request, -1));
    GIVES(SLOTWAY_OK, slotway_request_cancelled(request, &flag));
    CHECK(!flag && space == NULL && view.data == NULL);
}

static void case_reserve(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    void *space = NULL;

    GIVES(SLOTWAY_OK, slotway_request_head(request, &head));
    GIVES(SLOTWAY_E_TOO_LARGE,
          slotway_request_reserve(request, head.response_capacity + 1, &space));
    CHECK(space == NULL);
    GIVES(SLOTWAY_OK, slotway_request_reserve(request, head.response_capacity, &space));
    memset(space, 'a', 5);
    GIVES(SLOTWAY_E_TOO_LARGE, slotway_request_commit(request, head.response_capacity + 1));
    GIVES(SLOTWAY_OK, slotway_request_commit(request, 5));
    GIVES(SLOTWAY_OK, slotway_request_reserve(request, 3, &space));
    memcpy(space, "ok\n", 3);
    GIVES(SLOTWAY_OK, slotway_request_commit(request, 3));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_respond(request, 200, NULL, 0, "a", 1));
    GIVES(SLOTWAY_OK, slotway_request_complete(request, 201, &text_type, 1));
}

static void case_stream(slotway_request *request)
{
    static const slotway_field headers[] = {
        SLOTWAY_FIELD("content-type", "text/plain"),
        SLOTWAY_FIELD("content-length", "10"),
    };
    size_t count = 0;

    GIVES(SLOTWAY_OK, slotway_request_start(request, 200, headers, 2));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_start(request, 200, headers, 2));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_request_respond(request, 200, NULL, 0, NULL, 0));
    GIVES(SLOTWAY_OK, slotway_request_flush(request));
    GIVES(SLOTWAY_OK, slotway_request_try_write(request, "0123", 4, &count));
    CHECK(count == 4);
    GIVES(SLOTWAY_E_BODY_LENGTH, slotway_request_write(request, "4567890", 7, -1));
    GIVES(SLOTWAY_OK, slotway_request_write(request, "456ok\n", 6, -1));
    GIVES(SLOTWAY_OK, slotway_request_finish(request));
}

/* POST with the body "hello". */
static void case_peek(slotway_request *request)
{
    slotway_view view = SLOTWAY_VIEW_INIT;
    char buffer[8];
    bool complete = false;
    size_t count = 9;

    GIVES(SLOTWAY_OK, slotway_request_wait(request, 4, 5000));
    GIVES(SLOTWAY_OK, slotway_request_peek(request, &view, &complete));
    CHECK(is(view, "hello"));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_consume(request, 6));
    GIVES(SLOTWAY_OK, slotway_request_consume(request, 2));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_request_read(request, 0, 0, buffer, &count));
    CHECK(count == 9);
    GIVES(SLOTWAY_OK, slotway_request_read(request, 2, 5000, buffer, &count));
    CHECK(count == 2 && memcmp(buffer, "ll", 2) == 0);
    GIVES(SLOTWAY_OK, slotway_request_try_read(request, 8, buffer, &count));
    CHECK(count == 1 && buffer[0] == 'o');
    GIVES(SLOTWAY_OK, slotway_request_wait(request, 0, 5000));
    GIVES(SLOTWAY_OK, slotway_request_peek(request, &view, &complete));
    CHECK(complete && view.length == 0 && view.data != NULL);
    GIVES(SLOTWAY_OK, slotway_request_read(request, 8, -1, buffer, &count));
    CHECK(count == 0);
    answer(request);
}

/* POST with 200,000 bytes 'x', more than a slot holds; read by another thread. */
struct reading {
    slotway_request *request;
    size_t total;
};

static void *read_all(void *userdata)
{
    struct reading *reading = (struct reading *)userdata;
    char buffer[5000];
    size_t count, n;

    do {
        count = 0;
        GIVES(SLOTWAY_OK,
              slotway_request_read(reading->request, sizeof buffer, 5000, buffer, &count));
        for (n = 0; n < count && buffer[n] == 'x'; n++)
            continue;
        CHECK(n == count);
        reading->total += count;
    } while (count > 0);
    return NULL;
}

static void case_large(slotway_request *request)
{
    struct reading reading;
    slotway_view view;
    pthread_t thread;

    reading.request = request;
    reading.total = 0;
    GIVES(SLOTWAY_E_TOO_LARGE, slotway_request_body(request, 5000, &view));
    CHECK(pthread_create(&thread, NULL, read_all, &reading) == 0);
    pthread_join(thread, NULL);
    CHECK(reading.total == 200000);
    answer(request);
}

static void case_userdata(slotway_request *request)
{
    int mine;
    void *userdata = &mine;

    GIVES(SLOTWAY_OK, slotway_request_userdata(request, &userdata));
    CHECK(userdata == NULL);
    GIVES(SLOTWAY_OK, slotway_request_set_userdata(request, &mine));
    GIVES(SLOTWAY_OK, slotway_request_userdata(request, &userdata));
    CHECK(userdata == &mine);
    answer(request);
}

static void case_unanswered(slotway_request *request)
{
    (void)request;
}

static void case_abort(slotway_request *request)
{
    GIVES(SLOTWAY_OK, slotway_request_abort(request));
}

/* The client hangs up while this waits. */
static void case_cancelled(slotway_request *request)
{
    bool cancelled = false;

    printf("waiting for the cancellation\n");
    fflush(stdout);
    GIVES(SLOTWAY_OK, slotway_request_wait_cancelled(request, 20000));
    GIVES(SLOTWAY_OK, slotway_request_cancelled(request, &cancelled));
    CHECK(cancelled);
}

static const struct {
    const char *method, *pattern;
    void (*run)(slotway_request *);
} cases[] = {
    {"POST", "/head/{one}/{*rest}", case_head}, {"GET", "/answers", case_answers},
    {"GET", "/reserve", case_reserve},          {"GET", "/stream", case_stream},
    {"POST", "/peek", case_peek},               {"POST", "/large", case_large},
    {"GET", "/userdata", case_userdata},        {"GET", "/unanswered", case_unanswered},
    {"GET", "/abort", case_abort},              {"GET", "/cancelled", case_cancelled},
    {"GET", "/stop", answer},
};

#define CASES (sizeof cases / sizeof cases[0])

/* Connecting waits for the first registration; the others follow. */
static void registers(slotway_worker *worker, uint32_t registration, slotway_status expected)
{
    slotway_status status = SLOTWAY_E_AGAIN;
    int n;

    for (n = 0; n < 2000; n++) {
        status = slotway_worker_registered(worker, registration);
        if (status != SLOTWAY_E_AGAIN)
            break;
        poll(NULL, 0, 10);
    }
    if (status != expected)
        report(__LINE__, "the registration is what it should be", status);
}

static void count_line(uint32_t level, const char *text, void *userdata)
{
    if (level <= SLOTWAY_LOG_WARN && strstr(text, "hub") != NULL)
        ++*(int *)userdata;
}

/* A worker that cannot connect says why: to whoever calls, and in the log. */
static void without_a_hub(void)
{
    int lines = 0;
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    slotway_worker *worker = NULL;
    slotway_request *request = NULL;
    char path[300];
    int fd = -1;

    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = 0;
    options.hub = path;
    options.backoff_ms = 10;
    options.backoff_max_ms = 20;
    GIVES(SLOTWAY_OK, slotway_worker_new(&options, &worker));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "lost", NULL, NULL));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_connect(worker, 0));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/lost", 0, NULL));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_connect(worker, 0));
    CHECK(strstr(slotway_last_error(), "299 bytes") != NULL);
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));

    options.hub = "/nonexistent/hub.sock";
    GIVES(SLOTWAY_OK, slotway_worker_new(&options, &worker));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "lost", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/lost", 0, NULL));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_log(5, count_line, &lines));
    GIVES(SLOTWAY_OK, slotway_log(SLOTWAY_LOG_WARN, count_line, &lines));
    GIVES(SLOTWAY_E_IO, slotway_worker_connect(worker, 1000));
    GIVES(SLOTWAY_OK, slotway_log(SLOTWAY_LOG_OFF, NULL, NULL));
    CHECK(lines > 0);
    CHECK(strstr(slotway_last_error(), "/nonexistent/hub.sock") != NULL);
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_poll_fd(worker, &fd));
    /* In the background; there is nothing yet, and nothing goes wrong either. */
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 0));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_connect(worker, 0));
    GIVES(SLOTWAY_E_OUT_OF_ORDER, slotway_worker_register(worker, "late", NULL, NULL));
    GIVES(SLOTWAY_E_AGAIN, slotway_worker_registered(worker, 0));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_registered(worker, 1));
    GIVES(SLOTWAY_E_TIMEOUT, slotway_worker_next(worker, 1, &request));
    CHECK(request == NULL);
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
}

static void *wait_for_the_end(void *userdata)
{
    slotway_request *request = NULL;
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_next((slotway_worker *)userdata, -1, &request));
    return NULL;
}

/* A conflict is refused with the hub's code; closing wakes the threads that wait. */
static void a_second_worker(void)
{
    slotway_worker *worker = NULL;
    slotway_request *requests[4] = {NULL, NULL, NULL, NULL};
    pthread_t threads[3];
    struct pollfd poller;
    size_t count = 9;
    int n;

    GIVES(SLOTWAY_OK, slotway_worker_new(NULL, &worker));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "rival", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/stop", 0, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "second", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/second", 0, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 20000));
    registers(worker, 1, SLOTWAY_OK);
    registers(worker, 0, SLOTWAY_E_REFUSED);
    GIVES(SLOTWAY_E_REFUSED, slotway_worker_registered(worker, 0));
    CHECK(strcmp(slotway_last_refusal(), "route_conflict") == 0);

    GIVES(SLOTWAY_OK, slotway_worker_poll_fd(worker, &poller.fd));
    GIVES(SLOTWAY_E_INVALID_ARGUMENT, slotway_worker_take(worker, 0, requests, &count));
    GIVES(SLOTWAY_OK, slotway_worker_take(worker, 4, requests, &count));
    CHECK(count == 0 && requests[0] == NULL);
    GIVES(SLOTWAY_OK, slotway_worker_take_notices(worker, 4, requests, &count));
    CHECK(count == 0);
    poller.events = POLLIN;
    CHECK(poll(&poller, 1, 0) == 0);

    for (n = 0; n < 3; n++)
        CHECK(pthread_create(&threads[n], NULL, wait_for_the_end, worker) == 0);
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
    for (n = 0; n < 3; n++)
        pthread_join(threads[n], NULL);
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_close(worker));
}

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request = NULL, *last = NULL;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_status status;
    bool stop = false;
    size_t n;

    without_a_hub();
    GIVES(SLOTWAY_OK, slotway_worker_new(NULL, &worker));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "first", NULL, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_route(worker, "GET", "/first", 0, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_register(worker, "exercise", NULL, NULL));
    for (n = 0; n < CASES; n++)
        GIVES(SLOTWAY_OK, slotway_worker_route(worker, cases[n].method, cases[n].pattern, 0, NULL));
    GIVES(SLOTWAY_OK, slotway_worker_connect(worker, 20000));
    registers(worker, 0, SLOTWAY_OK);
    registers(worker, 1, SLOTWAY_OK);
    a_second_worker();
    printf("ready\n");
    fflush(stdout);

    while ((status = slotway_worker_next(worker, 60000, &request)) == SLOTWAY_OK) {
        GIVES(SLOTWAY_OK, slotway_request_head(request, &head));
        CHECK(request != last && head.route_index < CASES);
        cases[head.route_index].run(request);
        stop = cases[head.route_index].run == answer;
        GIVES(SLOTWAY_OK, slotway_request_close(request));
        GIVES(SLOTWAY_E_CLOSED, slotway_request_close(request));
        GIVES(SLOTWAY_E_CLOSED, slotway_request_abort(request));
        last = request;
        if (stop)
            GIVES(SLOTWAY_OK, slotway_worker_drain(worker));
    }
    CHECK(status == SLOTWAY_E_CLOSED && stop);
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_next(worker, -1, &request));
    GIVES(SLOTWAY_E_CLOSED, slotway_request_close(last));
    GIVES(SLOTWAY_OK, slotway_worker_close(worker));
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_close(worker));
    GIVES(SLOTWAY_E_CLOSED, slotway_worker_next(worker, -1, &request));
    GIVES(SLOTWAY_E_CLOSED, slotway_request_close((slotway_request *)(void *)worker));
    GIVES(SLOTWAY_OK, slotway_worker_close(NULL));
    GIVES(SLOTWAY_OK, slotway_request_close(NULL));
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
