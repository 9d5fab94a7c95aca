/* One thread, no blocking calls: an event loop that polls the worker's descriptor beside
 * others, takes many requests for each wake, and streams uploads as they come.
 * Answers POST /sum with the number and the sum of the body's bytes.
 * Try: curl --data-binary @some-file http://127.0.0.1:8080/sum */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 32

/* What a request that is not finished has come to so far. */
struct sum {
    unsigned long long bytes, sum;
};

static void finish(slotway_request *request, struct sum *sum)
{
    free(sum);
    slotway_request_close(request);
}

/* Goes on with a request until its body has nothing more for now. */
static void advance(slotway_request *request)
{
    static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");
    unsigned char buffer[4096];
    char text[64];
    void *userdata = NULL;
    struct sum *sum;
    slotway_status status;
    size_t count, n;

    slotway_request_userdata(request, &userdata);
    sum = (struct sum *)userdata;
    for (;;) {
        status = slotway_request_try_read(request, sizeof buffer, buffer, &count);
        if (status != SLOTWAY_OK)
            break;
        for (n = 0; n < count; n++)
            sum->sum += buffer[n];
        sum->bytes += count;
        if (count == 0) {
            int length = snprintf(text, sizeof text, "%llu bytes, sum %llu\n", sum->bytes,
                                  sum->sum);
            slotway_request_respond(request, 200, &type, 1, text, (size_t)length);
            finish(request, sum);
            return;
        }
    }
    /* A notice will come when there is more. Anything else is the end of this request:
     * the client went away, say. */
    if (status != SLOTWAY_E_AGAIN) {
        fprintf(stderr, "poll_loop: %s\n", slotway_last_error());
        finish(request, sum);
    }
}

static void begin(slotway_request *request)
{
    struct sum *sum = (struct sum *)calloc(1, sizeof *sum);

    if (sum == NULL) {
        slotway_request_close(request);
        return;
    }
    slotway_request_set_userdata(request, sum);
    advance(request);
}

/* Takes whatever there is; false when the worker has come to its end. */
static bool turn(slotway_worker *worker)
{
    slotway_request *requests[BATCH];
    size_t count, n;

    do {
        if (slotway_worker_take(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++)
            begin(requests[n]);
    } while (count == BATCH);
    do {
        if (slotway_worker_take_notices(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++)
            advance(requests[n]);
    } while (count == BATCH);
    return true;
}

int main(void)
{
    slotway_worker *worker = NULL;
    struct pollfd fds[2];

    if (slotway_worker_new(NULL, &worker) || slotway_worker_register(worker, "sum", NULL, NULL) ||
        slotway_worker_route(worker, "POST", "/sum", 0, NULL) ||
        slotway_worker_connect(worker, -1) || slotway_worker_poll_fd(worker, &fds[0].fd)) {
        fprintf(stderr, "poll_loop: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    fds[0].events = POLLIN;
    /* Something else that the loop waits for: the end of the standard input ends it. */
    fds[1].fd = STDIN_FILENO;
    fds[1].events = POLLIN;

    /* The first turn comes before the first poll: it arms the descriptor. */
    while (turn(worker) && poll(fds, 2, -1) > 0) {
        char line[256];
        if (fds[1].revents != 0 && read(STDIN_FILENO, line, sizeof line) <= 0) {
            fds[1].fd = -1;
            slotway_worker_drain(worker);
        }
    }
    if (slotway_last_status() != SLOTWAY_E_CLOSED)
        fprintf(stderr, "poll_loop: %s\n", slotway_last_error());
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
