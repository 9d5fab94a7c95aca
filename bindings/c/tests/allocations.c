/* A worker that counts what its whole process asks of the C library's allocator, the Rust
 * side of libslotway included, and says so: GET /count. With the argument "poll" it is an
 * event loop, else a thread that waits. Its end is the end of the standard input. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <slotway.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the allocator: this program's own names go before the C library's ---------------- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ulong allocations;

void *malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **space, size_t alignment, size_t size)
{
    *space = memalign(alignment, size);
    return *space == NULL ? ENOMEM : 0;
}

/* --- the worker ------------------------------------------------------------------------ */

#define BATCH 8

static const slotway_field type = SLOTWAY_FIELD("content-type", "application/octet-stream");
static unsigned char buffer[16384];

static void failed(const char *what)
{
    fprintf(stderr, "%s: %s (%s)\n", what, slotway_last_error(),
            slotway_status_name(slotway_last_status()));
    exit(1);
}

static void expect(slotway_status status, const char *what)
{
    if (status != SLOTWAY_OK)
        failed(what);
}

static bool is(slotway_view path, const char *text)
{
    return path.length == strlen(text) && memcmp(path.data, text, path.length) == 0;
}

/* What every accessor says is looked at, so that none of them can allocate unseen. */
static void small(slotway_request *request)
{
    slotway_field fields[16];
    slotway_view value;
    slotway_peer peer;
    slotway_trace trace;
    size_t count;
    bool cancelled;

    expect(slotway_request_param(request, "id", &value), "param");
    expect(slotway_request_header(request, "Host", &value), "header");
    expect(slotway_request_params(request, 16, fields, &count), "params");
    expect(slotway_request_headers(request, 16, fields, &count), "headers");
    expect(slotway_request_peer(request, &peer), "peer");
    expect(slotway_request_trace(request, &trace), "trace");
    expect(slotway_request_cancelled(request, &cancelled), "cancelled");
    expect(slotway_request_body(request, 0, &value), "body");
    expect(slotway_request_respond(request, 200, &type, 1, "pong\n", 5), "respond");
}

static void inplace(slotway_request *request)
{
    void *space;

    expect(slotway_request_reserve(request, 64, &space), "reserve");
    memset(space, 'x', 64);
    expect(slotway_request_commit(request, 64), "commit");
    expect(slotway_request_complete(request, 200, &type, 1), "complete");
}

/* A body of more than the ring holds, there and back, by a thread that waits. */
static void stream(slotway_request *request)
{
    size_t count;

    expect(slotway_request_start(request, 200, &type, 1), "start");
    do {
        expect(slotway_request_read(request, sizeof buffer, 20000, buffer, &count), "read");
        expect(slotway_request_write(request, buffer, count, 20000), "write");
    } while (count > 0);
    expect(slotway_request_finish(request), "finish");
}

/* The same by an event loop. There is one such request at a time: what is read and not
 * written yet stays in the buffer. True when it is through. */
static size_t filled, written;

static bool advance(slotway_request *request)
{
    slotway_status status;

    for (;;) {
        size_t count;

        if (written == filled) {
            status = slotway_request_try_read(request, sizeof buffer, buffer, &filled);
            written = 0;
            if (status == SLOTWAY_E_AGAIN) {
                filled = 0;
                return false;
            }
            expect(status, "try_read");
            if (filled == 0)
                break;
        }
        status = slotway_request_try_write(request, buffer + written, filled - written, &count);
        if (status == SLOTWAY_E_AGAIN)
            return false;
        expect(status, "try_write");
        written += count;
    }
    expect(slotway_request_finish(request), "finish");
    return true;
}

static void serve(slotway_request *request, bool polls)
{
    slotway_head head = SLOTWAY_HEAD_INIT;

    expect(slotway_request_head(request, &head), "head");
    if (is(head.path, "/count")) {
        char text[32];
        int length = snprintf(text, sizeof text, "%lu\n", atomic_load(&allocations));

        expect(slotway_request_respond(request, 200, &type, 1, text, (size_t)length), "count");
    } else if (is(head.path, "/inplace")) {
        inplace(request);
    } else if (!is(head.path, "/stream")) {
        small(request);
    } else if (!polls) {
        stream(request);
    } else {
        expect(slotway_request_start(request, 200, &type, 1), "start");
        if (!advance(request))
            return;
    }
    expect(slotway_request_close(request), "close");
}

static bool turn(slotway_worker *worker)
{
    slotway_request *requests[BATCH];
    size_t count, n;

    do {
        if (slotway_worker_take(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++)
            serve(requests[n], true);
    } while (count == BATCH);
    do {
        if (slotway_worker_take_notices(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++)
            if (advance(requests[n]))
                expect(slotway_request_close(requests[n]), "close");
    } while (count == BATCH);
    return true;
}

static void loop(slotway_worker *worker)
{
    struct pollfd fds[2] = {{-1, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    char byte;

    expect(slotway_worker_poll_fd(worker, &fds[0].fd), "poll_fd");
    while (turn(worker) && poll(fds, 2, -1) > 0) {
        if (fds[1].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0) {
            fds[1].fd = -1;
            slotway_worker_drain(worker);
        }
    }
}

static void threads(slotway_worker *worker)
{
    slotway_request *request;
    slotway_status status;
    bool over = false;
    char byte;

    for (;;) {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};

        status = slotway_worker_next(worker, 50, &request);
        if (status == SLOTWAY_OK)
            serve(request, false);
        else if (status != SLOTWAY_E_TIMEOUT)
            return;
        else if (!over && poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0) {
            over = true;
            slotway_worker_drain(worker);
        }
    }
}

int main(int argc, char **argv)
{
    slotway_worker *worker = NULL;
    bool polls = argc > 1 && strcmp(argv[1], "poll") == 0;

    expect(slotway_worker_new(NULL, &worker), "new");
    expect(slotway_worker_register(worker, "counts", NULL, NULL), "register");
    expect(slotway_worker_route(worker, "GET", "/count", 0, NULL), "route");
    expect(slotway_worker_route(worker, "GET", "/small/{id}", 0, NULL), "route");
    expect(slotway_worker_route(worker, "GET", "/inplace", 0, NULL), "route");
    expect(slotway_worker_route(worker, "POST", "/stream", 0, NULL), "route");
    expect(slotway_worker_connect(worker, 20000), "connect");
    printf("ready\n");
    fflush(stdout);
    if (polls)
        loop(worker);
    else
        threads(worker);
    return slotway_worker_close(worker) == SLOTWAY_OK ? 0 : 1;
}
