/*
 * The conformance worker in C, on the C interface. Its twin in Rust, which has the table of
 * routes, is src/bin/slotway-rust-worker; a case runs against both.
 */

#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "slotway.h"

enum { PIECE = 64 << 10, HEADERS_MAX = 256, THREADS_MAX = 256 };

/* The prime period of the pattern; twice, so that a whole one starts anywhere in the first. */
enum { PERIOD = 65521 };
static unsigned char pattern[2 * PERIOD];

static slotway_worker *worker;

/* A pointer's and a length's worth of the pattern from `at` on: `most` bytes or fewer. */
static slotway_view pattern_slice(uint64_t at, uint64_t most)
{
    slotway_view slice = {(const char *)pattern + at % PERIOD, most < PERIOD ? most : PERIOD};
    return slice;
}

/* One line, whole and at once, for the test that reads it. */
static void say(const char *what, const char *which, slotway_status status)
{
    const char *name = status == SLOTWAY_OK ? "ok" : slotway_status_name(status);
    printf("worker: %s%s%s\n", what, which, name);
    fflush(stdout);
}

static void say_plain(const char *what, const char *which)
{
    printf("worker: %s%s\n", what, which);
    fflush(stdout);
}

/* A path parameter as a C string; too long a one is cut. */
static const char *text(slotway_request *request, const char *name, char into[256])
{
    slotway_view value = SLOTWAY_VIEW_INIT;
    size_t length;
    slotway_request_param(request, name, &value);
    length = value.length < 255 ? value.length : 255;
    if (length > 0)
        memcpy(into, value.data, length);
    into[length] = '\0';
    return into;
}

static uint64_t number(slotway_request *request, const char *name)
{
    char digits[256];
    return strtoull(text(request, name, digits), NULL, 10);
}

static void pause_ms(uint64_t ms)
{
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&time, &time) != 0)
        ;
}

static const slotway_field plain = SLOTWAY_FIELD("content-type", "text/plain");

static slotway_status respond_text(slotway_request *request, const char *body)
{
    return slotway_request_respond(request, 200, &plain, 1, body, strlen(body));
}

/* A growing piece of text. */
struct buffer {
    char *data;
    size_t length, capacity;
};

static void append(struct buffer *buffer, const char *data, size_t length)
{
    if (buffer->length + length > buffer->capacity) {
        buffer->capacity = 2 * (buffer->length + length);
        buffer->data = realloc(buffer->data, buffer->capacity);
        if (buffer->data == NULL)
            abort();
    }
    if (length > 0)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

static void append_line(struct buffer *buffer, slotway_view view)
{
    append(buffer, view.data, view.length);
    append(buffer, "\n", 1);
}

static slotway_status hello(slotway_request *request)
{
    char name[256], greeting[300];
    snprintf(greeting, sizeof greeting, "hello, %s", text(request, "name", name));
    return respond_text(request, greeting);
}

static int is_echoed(slotway_view name)
{
    static const char type[] = "content-type";
    return (name.length > 2 && memcmp(name.data, "x-", 2) == 0) ||
           (name.length == sizeof type - 1 && memcmp(name.data, type, name.length) == 0);
}

static slotway_status echo(slotway_request *request)
{
    slotway_field fields[HEADERS_MAX], back[HEADERS_MAX + 1];
    slotway_field method = SLOTWAY_FIELD("x-method", "");
    slotway_head head = SLOTWAY_HEAD_INIT;
    size_t count = 0, kept = 0, i;
    char *piece;
    slotway_status status = slotway_request_head(request, &head);
    if (status == SLOTWAY_OK)
        status = slotway_request_headers(request, HEADERS_MAX, fields, &count);
    if (status != SLOTWAY_OK)
        return status;
    for (i = 0; i < count && i < HEADERS_MAX; i++)
        if (is_echoed(fields[i].name))
            back[kept++] = fields[i];
    method.value = head.method;
    back[kept++] = method;
    status = slotway_request_start(request, 200, back, kept);
    piece = malloc(PIECE);
    while (status == SLOTWAY_OK) {
        status = slotway_request_read(request, PIECE, -1, piece, &count);
        if (status != SLOTWAY_OK)
            break;
        if (count == 0) {
            status = slotway_request_finish(request);
            break;
        }
        status = slotway_request_write(request, piece, count, -1);
    }
    free(piece);
    return status;
}

static slotway_status headers(slotway_request *request)
{
    static const slotway_field answer[] = {
        SLOTWAY_FIELD("content-type", "text/plain"),
        SLOTWAY_FIELD("set-cookie", "a=1"),
        SLOTWAY_FIELD("set-cookie", "b=2"),
        SLOTWAY_FIELD("x-raw", "caf\xe9 \xff\xfe"),
        SLOTWAY_FIELD("set-cookie", "a=1"),
        SLOTWAY_FIELD("x-empty", ""),
    };
    slotway_field fields[HEADERS_MAX];
    struct buffer lines = {NULL, 0, 0};
    size_t count = 0, i;
    slotway_status status = slotway_request_headers(request, HEADERS_MAX, fields, &count);
    if (status != SLOTWAY_OK)
        return status;
    for (i = 0; i < count && i < HEADERS_MAX; i++) {
        append(&lines, fields[i].name.data, fields[i].name.length);
        append(&lines, ": ", 2);
        append_line(&lines, fields[i].value);
    }
    status = slotway_request_respond(request, 200, answer, sizeof answer / sizeof *answer,
                                     lines.data, lines.length);
    free(lines.data);
    return status;
}

static slotway_status target(slotway_request *request)
{
    static const slotway_view none = SLOTWAY_LITERAL("none");
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view first = SLOTWAY_VIEW_INIT, rest = SLOTWAY_VIEW_INIT;
    struct buffer lines = {NULL, 0, 0};
    slotway_status status = slotway_request_head(request, &head);
    if (status == SLOTWAY_OK)
        status = slotway_request_param(request, "first", &first);
    if (status == SLOTWAY_OK)
        status = slotway_request_param(request, "rest", &rest);
    if (status != SLOTWAY_OK)
        return status;
    append_line(&lines, head.method);
    append_line(&lines, head.path);
    append_line(&lines, head.query.data == NULL ? none : head.query);
    append_line(&lines, head.route);
    append_line(&lines, first);
    append_line(&lines, rest);
    status = slotway_request_respond(request, 200, &plain, 1, lines.data, lines.length);
    free(lines.data);
    return status;
}

static slotway_status stream(slotway_request *request, uint64_t length)
{
    uint64_t sent = 0;
    while (sent < length) {
        slotway_view piece = pattern_slice(sent, length - sent);
        slotway_status status = slotway_request_write(request, piece.data, piece.length, -1);
        if (status != SLOTWAY_OK)
            return status;
        sent += piece.length;
    }
    return slotway_request_finish(request);
}

static slotway_status download(slotway_request *request)
{
    uint64_t length = number(request, "bytes");
    slotway_status status = slotway_request_start(request, 200, &plain, 1);
    return status == SLOTWAY_OK ? stream(request, length) : status;
}

static slotway_status sized(slotway_request *request)
{
    slotway_field fields[2] = {SLOTWAY_FIELD("content-type", "text/plain"),
                               SLOTWAY_FIELD("content-length", "")};
    uint64_t length = number(request, "bytes");
    slotway_status status = slotway_request_param(request, "bytes", &fields[1].value);
    if (status == SLOTWAY_OK)
        status = slotway_request_start(request, 200, fields, 2);
    return status == SLOTWAY_OK ? stream(request, length) : status;
}

static slotway_status inplace(slotway_request *request)
{
    uint64_t length = number(request, "bytes"), done = 0;
    void *space;
    slotway_status status = slotway_request_reserve(request, length, &space);
    if (status != SLOTWAY_OK)
        return status;
    while (done < length) {
        slotway_view piece = pattern_slice(done, length - done);
        memcpy((char *)space + done, piece.data, piece.length);
        done += piece.length;
    }
    status = slotway_request_commit(request, length);
    return status == SLOTWAY_OK ? slotway_request_complete(request, 200, &plain, 1) : status;
}

static slotway_status big_head(slotway_request *request)
{
    size_t length = number(request, "bytes") / 4, i;
    slotway_field fields[4] = {SLOTWAY_FIELD("x-big", ""), SLOTWAY_FIELD("x-big", ""),
                               SLOTWAY_FIELD("x-big", ""), SLOTWAY_FIELD("x-big", "")};
    char *value = malloc(length + 1);
    slotway_status status;
    memset(value, 'v', length + 1);
    for (i = 0; i < 4; i++) {
        fields[i].value.data = value;
        fields[i].value.length = length;
    }
    status = slotway_request_respond(request, 200, fields, 4, "big", 3);
    free(value);
    return status;
}

static slotway_status slow_read(slotway_request *request)
{
    uint64_t pause = number(request, "ms"), length = 0;
    char *piece = malloc(PIECE), digits[32];
    for (;;) {
        size_t count = 0, done = 0;
        slotway_status status = slotway_request_read(request, PIECE, -1, piece, &count);
        if (status != SLOTWAY_OK || count == 0) {
            free(piece);
            snprintf(digits, sizeof digits, "%" PRIu64, length);
            return status == SLOTWAY_OK ? respond_text(request, digits) : status;
        }
        while (done < count) {
            slotway_view expected = pattern_slice(length + done, count - done);
            if (memcmp(piece + done, expected.data, expected.length) != 0)
                abort();
            done += expected.length;
        }
        length += count;
        pause_ms(pause);
    }
}

static slotway_status sleeps(slotway_request *request)
{
    int64_t ms = (int64_t)number(request, "ms");
    slotway_status status = slotway_request_wait_cancelled(request, ms);
    if (status == SLOTWAY_OK)
        return SLOTWAY_E_CANCELLED;
    return status == SLOTWAY_E_TIMEOUT ? respond_text(request, "slept") : status;
}

static slotway_status late(slotway_request *request)
{
    char id[256], body[300], what[300];
    slotway_status status;
    text(request, "id", id);
    pause_ms(number(request, "ms"));
    snprintf(body, sizeof body, "late %s", id);
    status = respond_text(request, body);
    snprintf(what, sizeof what, "late %s: ", id);
    say(what, "", status);
    return status;
}

static slotway_status wait_cancelled(slotway_request *request)
{
    char id[256];
    slotway_status status;
    text(request, "id", id);
    say_plain("waiting ", id);
    status = slotway_request_wait_cancelled(request, 60000);
    say_plain(status == SLOTWAY_OK ? "cancelled " : "never cancelled ", id);
    return SLOTWAY_E_CANCELLED;
}

/* Given up without an answer: closing it is all that happens. */
static slotway_status given_up(slotway_request *request)
{
    (void)request;
    return SLOTWAY_OK;
}

static slotway_status aborts(slotway_request *request)
{
    uint64_t length = number(request, "bytes"), sent = 0;
    slotway_status status = SLOTWAY_OK;
    if (length > 0)
        status = slotway_request_start(request, 200, &plain, 1);
    while (status == SLOTWAY_OK && sent < length) {
        slotway_view piece = pattern_slice(sent, length - sent);
        status = slotway_request_write(request, piece.data, piece.length, -1);
        sent += piece.length;
    }
    if (status == SLOTWAY_OK && length > 0)
        status = slotway_request_flush(request);
    return status == SLOTWAY_OK ? slotway_request_abort(request) : status;
}

static slotway_status with_length(slotway_request *request, const char *length, const char *body)
{
    slotway_field field = SLOTWAY_FIELD("content-length", "");
    slotway_status status;
    field.value.data = length;
    field.value.length = strlen(length);
    status = slotway_request_start(request, 200, &field, 1);
    if (status == SLOTWAY_OK)
        status = slotway_request_write(request, body, strlen(body), -1);
    return status == SLOTWAY_OK ? slotway_request_finish(request) : status;
}

static slotway_status one_header(slotway_request *request, const char *name, const char *value,
                                 size_t value_length)
{
    slotway_field field;
    field.name.data = name;
    field.name.length = strlen(name);
    field.value.data = value;
    field.value.length = value_length;
    return slotway_request_respond(request, 200, &field, 1, NULL, 0);
}

static slotway_status bad(slotway_request *request)
{
    char kind[256];
    slotway_status status;
    text(request, "kind", kind);
    if (strcmp(kind, "status-0") == 0) {
        status = slotway_request_respond(request, 0, &plain, 1, NULL, 0);
    } else if (strcmp(kind, "status-100") == 0) {
        status = slotway_request_respond(request, 100, &plain, 1, NULL, 0);
    } else if (strcmp(kind, "status-1000") == 0) {
        status = slotway_request_respond(request, 1000, &plain, 1, NULL, 0);
    } else if (strcmp(kind, "name") == 0) {
        status = one_header(request, "a b", "c", 1);
    } else if (strcmp(kind, "empty-name") == 0) {
        status = one_header(request, "", "c", 1);
    } else if (strcmp(kind, "value") == 0) {
        static const char value[] = "y\r\nset-cookie: stolen=1";
        status = one_header(request, "x", value, sizeof value - 1);
    } else if (strcmp(kind, "transfer-encoding") == 0) {
        status = one_header(request, "transfer-encoding", "chunked", 7);
    } else if (strcmp(kind, "length") == 0) {
        status = one_header(request, "content-length", "7", 1);
    } else if (strcmp(kind, "length-word") == 0) {
        status = one_header(request, "content-length", "seven", 5);
    } else if (strcmp(kind, "head") == 0) {
        char *value = malloc(1 << 20);
        memset(value, 'x', 1 << 20);
        status = one_header(request, "x-endless", value, 1 << 20);
        free(value);
    } else if (strcmp(kind, "short") == 0) {
        status = with_length(request, "10", "short");
    } else if (strcmp(kind, "long") == 0) {
        status = with_length(request, "3", "too long");
    } else {
        status = slotway_request_respond(request, 404, &plain, 1, "no such kind", 12);
    }
    say("bad ", strcat(kind, ": "), status);
    return status;
}

static slotway_status twice(slotway_request *request)
{
    slotway_status status = respond_text(request, "first");
    if (status == SLOTWAY_OK)
        say("twice: ", "", respond_text(request, "second"));
    return status;
}

static slotway_status dies(slotway_request *request)
{
    (void)request;
    kill(getpid(), SIGKILL);
    return SLOTWAY_OK;
}

static slotway_status pid(slotway_request *request)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%ld", (long)getpid());
    return respond_text(request, digits);
}

typedef slotway_status handler(slotway_request *request);

static const struct {
    const char *method, *pattern;
    handler *handler;
} routes[] = {
    {"GET", "/hello/{name}", hello},
    {"*", "/echo", echo},
    {"GET", "/headers", headers},
    {"GET", "/target/{first}/{*rest}", target},
    {"GET", "/download/{bytes}", download},
    {"GET", "/sized/{bytes}", sized},
    {"GET", "/inplace/{bytes}", inplace},
    {"GET", "/big-head/{bytes}", big_head},
    {"POST", "/slow-read/{ms}", slow_read},
    {"GET", "/sleep/{ms}", sleeps},
    {"GET", "/late/{ms}/{id}", late},
    {"GET", "/wait-cancelled/{id}", wait_cancelled},
    {"GET", "/panic", given_up},
    {"GET", "/abort/{bytes}", aborts},
    {"GET", "/bad/{kind}", bad},
    {"GET", "/twice", twice},
    {"GET", "/die", dies},
    {"GET", "/pid", pid},
};

static void answer(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_status status = slotway_request_head(request, &head);
    if (status == SLOTWAY_OK)
        status = routes[head.route_index].handler(request);
    if (status != SLOTWAY_OK) {
        say(routes[head.route_index].pattern, " failed: ", status);
        /* It may have been answered; then there is nothing to break off. */
        slotway_request_abort(request);
    }
    slotway_request_close(request);
}

static void *serve(void *unused)
{
    slotway_request *request;
    slotway_status status;
    (void)unused;
    while ((status = slotway_worker_next(worker, -1, &request)) == SLOTWAY_OK)
        answer(request);
    if (status != SLOTWAY_E_CLOSED)
        printf("worker: %s %s\n", slotway_status_name(status), slotway_last_error());
    /* Another worker may have replaced this one: main waits for a signal only. */
    kill(getpid(), SIGTERM);
    return NULL;
}

static void check(slotway_status status)
{
    if (status == SLOTWAY_OK)
        return;
    printf("worker: %s %s %s\n", slotway_status_name(status), slotway_last_refusal(),
           slotway_last_error());
    exit(1);
}

static void set_up(const char *hub, const char *name, const char *prefix)
{
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    size_t i;
    options.hub = hub;
    check(slotway_worker_new(&options, &worker));
    check(slotway_worker_register(worker, name, NULL, NULL));
    for (i = 0; i < sizeof routes / sizeof *routes; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s%s", prefix, routes[i].pattern);
        check(slotway_worker_route(worker, routes[i].method, path, 0, NULL));
    }
    check(slotway_worker_connect(worker, -1));
}

int main(int argc, char **argv)
{
    const char *hub = NULL, *name = "conformance", *prefix = "";
    pthread_t threads[THREADS_MAX];
    long count = 4, i;
    sigset_t ends;
    int which;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--hub") == 0)
            hub = argv[i + 1];
        else if (strcmp(argv[i], "--name") == 0)
            name = argv[i + 1];
        else if (strcmp(argv[i], "--prefix") == 0)
            prefix = argv[i + 1];
        else if (strcmp(argv[i], "--threads") == 0)
            count = strtol(argv[i + 1], NULL, 10);
    }
    if (count < 1 || count > THREADS_MAX || !SLOTWAY_ABI_COMPATIBLE())
        return 2;
    for (i = 0; i < 2 * PERIOD; i++) {
        uint32_t at = (uint32_t)(i % PERIOD);
        pattern[i] = (unsigned char)((at * 31) ^ (at >> 5));
    }
    /* For every thread, the library's too, so that only sigwait below gets them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    set_up(hub, name, prefix);
    for (i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, serve, NULL) != 0)
            return 2;
    sigwait(&ends, &which);
    check(slotway_worker_drain(worker));
    for (i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    check(slotway_worker_close(worker));
    return 0;
}
