/*
 * A worker with one thread and an event loop: nothing in it blocks but poll. It has those
 * routes of worker.c that an event loop makes interesting.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slotway.h"

enum { PIECE = 16 << 10, BATCH = 8, PERIOD = 65521 };
static unsigned char pattern[2 * PERIOD];

static slotway_worker *worker;
static volatile sig_atomic_t ending;

/* What is still to be done for a request that could not be answered at once. */
struct job {
    enum { ECHOES, DOWNLOADS, WAITS } kind;
    char id[64];
    char piece[PIECE];
    size_t length, written;
    bool ended;
    uint64_t at, total;
};

static const slotway_field plain = SLOTWAY_FIELD("content-type", "text/plain");

static void check(slotway_status status)
{
    if (status == SLOTWAY_OK)
        return;
    printf("worker: %s %s %s\n", slotway_status_name(status), slotway_last_refusal(),
           slotway_last_error());
    exit(1);
}

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

/* Goes on as far as it can. SLOTWAY_E_AGAIN: a notice will come. */
static slotway_status echo(slotway_request *request, struct job *job)
{
    for (;;) {
        slotway_status status;
        size_t count;
        if (job->written < job->length) {
            status = slotway_request_try_write(request, job->piece + job->written,
                                               job->length - job->written, &count);
            if (status != SLOTWAY_OK)
                return status;
            job->written += count;
            continue;
        }
        if (job->ended)
            return slotway_request_finish(request);
        status = slotway_request_try_read(request, PIECE, job->piece, &count);
        if (status != SLOTWAY_OK)
            return status;
        job->ended = count == 0;
        job->length = count;
        job->written = 0;
    }
}

static slotway_status download(slotway_request *request, struct job *job)
{
    while (job->at < job->total) {
        uint64_t left = job->total - job->at;
        size_t count;
        slotway_status status =
            slotway_request_try_write(request, pattern + job->at % PERIOD,
                                      left < PERIOD ? left : PERIOD, &count);
        if (status != SLOTWAY_OK)
            return status;
        job->at += count;
    }
    return slotway_request_finish(request);
}

static slotway_status wait_cancelled(slotway_request *request, struct job *job)
{
    bool cancelled = false;
    slotway_status status = slotway_request_watch_cancelled(request, &cancelled);
    if (status != SLOTWAY_OK)
        return status;
    if (!cancelled)
        return SLOTWAY_E_AGAIN;
    printf("worker: cancelled %s\n", job->id);
    fflush(stdout);
    return SLOTWAY_E_CANCELLED;
}

/* Takes a request as far as it goes now; closes it if that is to its end. */
static void go_on(slotway_request *request, struct job *job)
{
    slotway_status status = SLOTWAY_E_INTERNAL;
    switch (job->kind) {
    case ECHOES:
        status = echo(request, job);
        break;
    case DOWNLOADS:
        status = download(request, job);
        break;
    case WAITS:
        status = wait_cancelled(request, job);
        break;
    }
    if (status == SLOTWAY_E_AGAIN)
        return;
    if (status != SLOTWAY_OK)
        slotway_request_abort(request);
    slotway_request_close(request);
    free(job);
}

/* A job that the request's notices find again. */
static struct job *new_job(slotway_request *request)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        abort();
    check(slotway_request_set_userdata(request, job));
    return job;
}

static void begin(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    char text[128] = "", param[64];
    struct job *job;
    check(slotway_request_head(request, &head));
    switch (head.route_index) {
    case 0:
        job = new_job(request);
        job->kind = ECHOES;
        slotway_request_start(request, 200, &plain, 1);
        go_on(request, job);
        return;
    case 1:
        job = new_job(request);
        job->kind = DOWNLOADS;
        copy_param(request, "bytes", param);
        job->total = strtoull(param, NULL, 10);
        slotway_request_start(request, 200, &plain, 1);
        go_on(request, job);
        return;
    case 2:
        job = new_job(request);
        job->kind = WAITS;
        copy_param(request, "id", job->id);
        printf("worker: waiting %s\n", job->id);
        fflush(stdout);
        go_on(request, job);
        return;
    case 3:
        copy_param(request, "name", param);
        snprintf(text, sizeof text, "hello, %s", param);
        break;
    case 5:
        copy_param(request, "ms", param);
        printf("worker: blocks\n");
        fflush(stdout);
        usleep((useconds_t)(1000 * strtoul(param, NULL, 10)));
        snprintf(text, sizeof text, "turns again");
        break;
    default:
        snprintf(text, sizeof text, "%ld", (long)getpid());
        break;
    }
    slotway_request_respond(request, 200, &plain, 1, text, strlen(text));
    slotway_request_close(request);
}

/* Everything that there is to do now. 0: nothing more will ever come. */
static int drain_loop(void)
{
    slotway_request *requests[BATCH];
    size_t count, i;
    do {
        slotway_status status = slotway_worker_take(worker, BATCH, requests, &count);
        if (status == SLOTWAY_E_CLOSED)
            return 0;
        check(status);
        for (i = 0; i < count; i++)
            begin(requests[i]);
    } while (count == BATCH);
    do {
        check(slotway_worker_take_notices(worker, BATCH, requests, &count));
        for (i = 0; i < count; i++) {
            void *job = NULL;
            /* An earlier one of the batch may have been the end of this one. */
            if (slotway_request_userdata(requests[i], &job) == SLOTWAY_OK && job != NULL)
                go_on(requests[i], job);
        }
    } while (count == BATCH);
    return 1;
}

static void end(int signal)
{
    (void)signal;
    ending = 1;
}

static void set_up(const char *hub, const char *name)
{
    static const char *const routes[][2] = {
        {"*", "/echo"},
        {"GET", "/download/{bytes}"},
        {"GET", "/wait-cancelled/{id}"},
        {"GET", "/hello/{name}"},
        {"GET", "/pid"},
        {"GET", "/block/{ms}"},
    };
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    size_t i;
    options.hub = hub;
    check(slotway_worker_new(&options, &worker));
    check(slotway_worker_register(worker, name, NULL, NULL));
    for (i = 0; i < sizeof routes / sizeof *routes; i++)
        check(slotway_worker_route(worker, routes[i][0], routes[i][1], 0, NULL));
    check(slotway_worker_connect(worker, -1));
}

int main(int argc, char **argv)
{
    const char *hub = NULL, *name = "conformance";
    struct sigaction action;
    struct pollfd watched = {-1, POLLIN, 0};
    sigset_t ends, before;
    int i, more = 1, drained = 0;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--hub") == 0)
            hub = argv[i + 1];
        else if (strcmp(argv[i], "--name") == 0)
            name = argv[i + 1];
    }
    for (i = 0; i < 2 * PERIOD; i++) {
        uint32_t at = (uint32_t)(i % PERIOD);
        pattern[i] = (unsigned char)((at * 31) ^ (at >> 5));
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = end;
    sigaction(SIGTERM, &action, NULL);
    /* Blocked but while ppoll waits, so that none comes between a look and the wait. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &before);
    set_up(hub, name);
    check(slotway_worker_poll_fd(worker, &watched.fd));
    while ((more = drain_loop())) {
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
