/* Takes activities from the queue demo/work, CAPACITY (an environment variable; 4) at a time,
 * in one thread that never blocks: while some sleep, others come and go.
 * Try: slotway call demo/work echo hello
 * Another worker calls them with slotway_worker_call. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <signal.h>
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32

/* The types, in the order in which they are named to the hub. */
enum type { ECHO_IT, SLEEP, FAIL, CRASH, COUNT, TYPES };
static const char *const types[] = {"echo", "sleep", "fail", "crash", "count"};

/* An activity in hand: what has come of its payload, and when it is to be answered. */
struct job {
    slotway_request *request;
    struct job *next;
    char *payload;
    size_t length, room;
    long long due_ms;
};

static struct job *sleepers;
static unsigned long long counted;
static int terminated[2];

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void finish(struct job *job)
{
    slotway_request_close(job->request);
    free(job->payload);
    free(job);
}

static void answer(struct job *job, uint32_t status, const char *text, size_t length)
{
    slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");
    slotway_view given;

    if (text == job->payload &&
        slotway_request_header(job->request, "content-type", &given) == SLOTWAY_OK &&
        given.data != NULL)
        type.value = given;
    if (slotway_request_respond(job->request, status, &type, 1, text, length) != SLOTWAY_OK)
        fprintf(stderr, "queue: %s\n", slotway_last_error());
    finish(job);
}

/* The payload is there. */
static void work(struct job *job)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    bool cancelled = false;
    char text[32];

    if (slotway_request_head(job->request, &head) != SLOTWAY_OK) {
        finish(job);
        return;
    }
    switch (head.route_index) {
    case ECHO_IT:
        answer(job, 200, job->payload, job->length);
        return;
    case SLEEP:
        /* A NUL ends the payload: there is always room for one. */
        job->payload[job->length] = '\0';
        job->due_ms = now_ms() + strtoll(job->payload, NULL, 10);
        job->next = sleepers;
        sleepers = job;
        /* If nobody waits any more a notice comes, and it is given up. */
        slotway_request_watch_cancelled(job->request, &cancelled);
        return;
    case CRASH:
        /* Its caller hears at once that the worker is gone. */
        _exit(1);
    case COUNT:
        answer(job, 200, text, (size_t)snprintf(text, sizeof text, "%llu", ++counted));
        return;
    default:
        answer(job, 500, "it failed", 9);
    }
}

/* Takes what has come of the payload. */
static void receive(struct job *job)
{
    slotway_status status;
    size_t count = 0;

    for (;;) {
        if (job->length + 1 >= job->room) {
            size_t room = job->room == 0 ? 4096 : 2 * job->room;
            char *payload = (char *)realloc(job->payload, room);

            if (payload == NULL) {
                /* Perhaps another worker has the memory. */
                slotway_request_busy(job->request);
                finish(job);
                return;
            }
            job->payload = payload;
            job->room = room;
        }
        status = slotway_request_try_read(job->request, job->room - job->length - 1,
                                          job->payload + job->length, &count);
        if (status != SLOTWAY_OK)
            break;
        if (count == 0) {
            work(job);
            return;
        }
        job->length += count;
    }
    /* With SLOTWAY_E_AGAIN a notice comes when there is more. */
    if (status != SLOTWAY_E_AGAIN)
        finish(job);
}

/* A notice has come: for its payload, or because nobody waits any more. */
static void go_on(struct job *job)
{
    struct job **at;
    bool cancelled = false;

    for (at = &sleepers; *at != NULL; at = &(*at)->next)
        if (*at == job) {
            slotway_request_watch_cancelled(job->request, &cancelled);
            if (cancelled) {
                *at = job->next;
                finish(job);
            }
            return;
        }
    receive(job);
}

/* Answers those that have slept enough; how long the next one still sleeps, -1 for none. */
static int wake(void)
{
    long long now = now_ms(), soonest = -1;
    struct job **at = &sleepers;

    while (*at != NULL) {
        struct job *job = *at;

        if (job->due_ms <= now) {
            *at = job->next;
            answer(job, 200, "slept", 5);
        } else {
            if (soonest < 0 || job->due_ms - now < soonest)
                soonest = job->due_ms - now;
            at = &job->next;
        }
    }
    return (int)(soonest > 60000 ? 60000 : soonest);
}

/* Takes whatever there is; false when the worker has come to its end. */
static bool turn(slotway_worker *worker)
{
    slotway_request *requests[BATCH];
    size_t count, n;

    do {
        if (slotway_worker_take(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++) {
            struct job *job = (struct job *)calloc(1, sizeof *job);

            if (job == NULL) {
                slotway_request_busy(requests[n]);
                slotway_request_close(requests[n]);
                continue;
            }
            job->request = requests[n];
            slotway_request_set_userdata(job->request, job);
            receive(job);
        }
    } while (count == BATCH);
    do {
        if (slotway_worker_take_notices(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++) {
            void *userdata = NULL;

            if (slotway_request_userdata(requests[n], &userdata) == SLOTWAY_OK)
                go_on((struct job *)userdata);
        }
    } while (count == BATCH);
    return true;
}

static void on_term(int signal)
{
    if (write(terminated[1], &signal, 1) < 0)
        _exit(1);
}

int main(void)
{
    slotway_queue_options options = SLOTWAY_QUEUE_OPTIONS_INIT;
    const char *capacity = getenv("CAPACITY");
    slotway_worker *worker = NULL;
    struct pollfd fds[2];

    options.capacity = capacity == NULL ? 4 : (uint32_t)strtoul(capacity, NULL, 10);
    if (slotway_worker_new(NULL, &worker) || slotway_worker_register(worker, "queue", NULL, NULL) ||
        slotway_worker_queue(worker, "demo/work", types, TYPES, &options, NULL) ||
        slotway_worker_connect(worker, -1) || slotway_worker_poll_fd(worker, &fds[0].fd)) {
        fprintf(stderr, "queue: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    printf("ready\n");
    fflush(stdout);
    if (pipe(terminated) != 0 || signal(SIGTERM, on_term) == SIG_ERR) {
        perror("queue");
        return EXIT_FAILURE;
    }
    fds[1].fd = terminated[0];
    fds[0].events = fds[1].events = POLLIN;
    fds[1].revents = 0;

    /* The first turn comes before the first poll: it arms the descriptor. */
    while (turn(worker)) {
        /* What is in hand is finished; nothing new comes. */
        if (fds[1].revents != 0) {
            fds[1].fd = -1;
            slotway_worker_drain(worker);
        }
        fds[1].revents = 0;
        (void)poll(fds, 2, wake());
    }
    if (slotway_last_status() != SLOTWAY_E_CLOSED)
        fprintf(stderr, "queue: %s\n", slotway_last_error());
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
