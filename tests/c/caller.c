/*
 * Calls activities, as its arguments say:
 *
 *   caller HUB call QUEUE TYPE PAYLOAD TIMEOUT_MS ATTEMPTS KEY     one; "-" is no key
 *   caller HUB many QUEUE TYPE PAYLOAD COUNT IN_FLIGHT             over one descriptor
 *   caller HUB steady QUEUE TYPE PAYLOAD                           one after the other, for ever
 *   caller HUB time QUEUE TYPE PAYLOAD COUNT                       likewise, timed
 *
 * "many" with the type "echo" sends PAYLOAD and a number, and looks whether it comes back.
 */

#define _GNU_SOURCE

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "slotway.h"

static slotway_worker *worker;

static void check(slotway_status status)
{
    if (status == SLOTWAY_OK)
        return;
    printf("caller: %s %s %s\n", slotway_status_name(status), slotway_last_refusal(),
           slotway_last_error());
    exit(1);
}

static slotway_view view(const char *text)
{
    slotway_view made = {text, strlen(text)};
    return made;
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static slotway_call call_of(char **args)
{
    slotway_call made = SLOTWAY_CALL_INIT;
    made.queue = view(args[0]);
    made.activity = view(args[1]);
    made.payload = view(args[2]);
    return made;
}

/* How a call ended, in words. */
static const char *end_of(slotway_status status)
{
    return status == SLOTWAY_E_CALL ? slotway_call_end_name(slotway_last_call_end())
                                    : slotway_status_name(status);
}

static int call_one(char **args)
{
    slotway_call call = call_of(args);
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_calling *calling;
    slotway_status status;
    call.timeout_ms = (uint32_t)strtoul(args[3], NULL, 10);
    call.attempts = (uint32_t)strtoul(args[4], NULL, 10);
    call.flags = call.attempts > 1 ? SLOTWAY_CALL_IDEMPOTENT : 0;
    if (strcmp(args[5], "-") != 0)
        call.key = view(args[5]);
    check(slotway_worker_begin_call(worker, &call, -1, &calling));
    printf("caller: begun\n");
    fflush(stdout);
    status = slotway_calling_wait(calling, -1, &reply);
    if (status != SLOTWAY_OK) {
        printf("caller: end %s %u %s\n", end_of(status), slotway_last_retry_after_ms(),
               slotway_last_error());
    } else {
        printf("caller: reply %u %u %u %.*s\n", reply.status, reply.attempts, reply.flags,
               (int)reply.body.length, reply.body.data);
    }
    check(slotway_calling_close(calling));
    return 0;
}

/* One of many calls. */
struct job {
    char payload[64];
};

static struct {
    const char *end;
    size_t count;
} ends[16];
static size_t answered, wrong, done;
static uint32_t hint_least = UINT32_MAX, hint_most;

static void tally(const char *end)
{
    size_t n;
    for (n = 0; n < 15 && ends[n].end != NULL && strcmp(ends[n].end, end) != 0; n++)
        ;
    ends[n].end = end;
    ends[n].count++;
}

/* Looks for the outcome of one; false if it is not there. */
static bool look(slotway_calling *calling, bool echoes)
{
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_status status = slotway_calling_poll(calling, &reply);
    void *userdata = NULL;
    struct job *job;
    if (status == SLOTWAY_E_AGAIN)
        return false;
    check(slotway_calling_userdata(calling, &userdata));
    job = userdata;
    if (status != SLOTWAY_OK) {
        uint32_t hint = slotway_last_retry_after_ms();
        tally(end_of(status));
        if (hint > 0) {
            hint_least = hint < hint_least ? hint : hint_least;
            hint_most = hint > hint_most ? hint : hint_most;
        }
    } else {
        answered++;
        wrong += reply.status != 200 ||
                 (echoes && (reply.body.length != strlen(job->payload) ||
                             memcmp(reply.body.data, job->payload, reply.body.length) != 0));
    }
    check(slotway_calling_close(calling));
    free(job);
    done++;
    return true;
}

static int call_many(char **args)
{
    slotway_call call = call_of(args);
    size_t count = strtoul(args[3], NULL, 10), in_flight = strtoul(args[4], NULL, 10);
    bool echoes = strcmp(args[1], "echo") == 0;
    slotway_calling *ready[64];
    struct pollfd poller = {.events = POLLIN};
    size_t begun = 0, n, taken;
    double start = now_us(), took;
    check(slotway_worker_poll_fd(worker, &poller.fd));
    for (;;) {
        slotway_request *none;
        check(slotway_worker_take(worker, 1, &none, &taken));
        do {
            check(slotway_worker_take_calls(worker, 64, ready, &taken));
            for (n = 0; n < taken; n++)
                look(ready[n], echoes);
        } while (taken == 64);
        while (begun < count && begun - done < in_flight) {
            struct job *job = calloc(1, sizeof *job);
            slotway_calling *calling;
            slotway_status status;
            if (job == NULL)
                abort();
            if (echoes) {
                snprintf(job->payload, sizeof job->payload, "%.32s %zu", args[2], begun);
                call.payload = view(job->payload);
            }
            status = slotway_worker_try_begin_call(worker, &call, &calling);
            if (status == SLOTWAY_E_AGAIN || status == SLOTWAY_E_HUB_GONE) {
                free(job);
                break;
            }
            check(status);
            begun++;
            check(slotway_calling_set_userdata(calling, job));
            look(calling, echoes);
        }
        if (done == count)
            break;
        /* For outcomes, for room, or for a hub. */
        poll(&poller, 1, -1);
    }
    took = now_us() - start;
    printf("caller: answered %zu wrong %zu\n", answered, wrong);
    for (n = 0; n < 16 && ends[n].end != NULL; n++)
        printf("caller: ended %s %zu\n", ends[n].end, ends[n].count);
    if (hint_most > 0)
        printf("caller: hints %u to %u\n", hint_least, hint_most);
    printf("caller: %.0f calls/s\ncaller: done\n", (double)count / took * 1e6);
    return 0;
}

/* Goes on, whatever becomes of each, until it is killed. */
static int call_steadily(char **args)
{
    slotway_call call = call_of(args);
    size_t count = 0;
    for (;;) {
        slotway_reply reply = SLOTWAY_REPLY_INIT;
        slotway_calling *calling;
        slotway_status status = slotway_worker_call(worker, &call, -1, &calling, &reply);
        if (status == SLOTWAY_OK) {
            check(slotway_calling_close(calling));
            if (++count % 50 == 0)
                printf("caller: steady %zu\n", count);
        } else {
            printf("caller: lost %s\n", end_of(status));
            poll(NULL, 0, 10);
        }
        fflush(stdout);
    }
    return 0;
}

static int by_size(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static int call_timed(char **args)
{
    slotway_call call = call_of(args);
    size_t count = strtoul(args[3], NULL, 10), n;
    double *times = calloc(count + 1, sizeof *times);
    if (times == NULL || count == 0)
        return 1;
    for (n = 0; n < count; n++) {
        slotway_reply reply = SLOTWAY_REPLY_INIT;
        slotway_calling *calling;
        double start = now_us();
        check(slotway_worker_call(worker, &call, -1, &calling, &reply));
        times[n] = now_us() - start;
        check(slotway_calling_close(calling));
    }
    qsort(times, count, sizeof *times, by_size);
    printf("caller: p50 %.1f us, p99 %.1f us of %zu calls\n", times[count / 2],
           times[count * 99 / 100], count);
    free(times);
    return 0;
}

int main(int count, char **args)
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(char **args);
    } modes[] = {
        {"call", 6, call_one}, {"many", 5, call_many}, {"steady", 3, call_steadily},
        {"time", 4, call_timed},
    };
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    size_t n;
    int status = 2;
    for (n = 0; n < sizeof modes / sizeof *modes; n++) {
        if (count != 3 + modes[n].arguments || strcmp(args[2], modes[n].name) != 0)
            continue;
        options.hub = args[1];
        options.backoff_ms = 20;
        options.backoff_max_ms = 200;
        check(slotway_worker_new(&options, &worker));
        check(slotway_worker_connect(worker, -1));
        status = modes[n].run(args + 3);
        check(slotway_worker_close(worker));
    }
    return status;
}
