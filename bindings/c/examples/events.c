/* Publishes each line of its standard input and prints the events that come, its own and
 * others': one thread, one descriptor for what comes and for room for what goes. It serves
 * no route and registers nothing. The end of the input ends it.
 * Try: run it twice, and `slotway emit chat.7 hello` beside them. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 64

static slotway_worker *worker;
static slotway_subscription *subscription;

/* What was read and is not published yet. */
static char input[4096];
static size_t filled;
static bool ended, farewell_sent;
static char self[32];

static slotway_view view(const char *text, size_t length)
{
    slotway_view made = SLOTWAY_VIEW_INIT;
    made.data = text;
    made.length = length;
    return made;
}

/* Publishes the lines that are whole, and at the end a word that this program knows again.
 * Without room they stay, and the poll descriptor tells when to come again. */
static bool publish(void)
{
    slotway_event event = SLOTWAY_EVENT_INIT;
    slotway_status status = SLOTWAY_OK;
    size_t count;
    char *end;

    event.topic = view("chat.lines", 10);
    event.type = view("line", 4);
    while ((end = (char *)memchr(input, '\n', filled)) != NULL || filled == sizeof input) {
        size_t length = end == NULL ? filled : (size_t)(end - input);
        size_t used = end == NULL ? filled : length + 1;
        event.payload = view(input, length);
        status = slotway_worker_try_publish(worker, &event, 1, &count);
        if (status != SLOTWAY_OK)
            break;
        filled -= used;
        memmove(input, input + used, filled);
    }
    if (status == SLOTWAY_OK && ended && !farewell_sent) {
        event.type = view("end", 3);
        event.id = view(self, strlen(self));
        event.payload = view(input, filled);
        status = slotway_worker_try_publish(worker, &event, 1, &count);
        farewell_sent = status == SLOTWAY_OK;
    }
    /* While the hub is away there is nothing to do but wait, either. */
    return status == SLOTWAY_OK || status == SLOTWAY_E_AGAIN || status == SLOTWAY_E_HUB_GONE;
}

/* Prints one; false when it is this program's own last. */
static bool print(const slotway_delivery *delivery)
{
    if (delivery->flags & SLOTWAY_DELIVERY_GAP) {
        printf("(%llu events were lost here)\n", (unsigned long long)delivery->missed);
        return true;
    }
    printf("%.*s %.*s: %.*s\n", (int)delivery->topic.length, delivery->topic.data,
           (int)delivery->type.length, delivery->type.data, (int)delivery->payload.length,
           delivery->payload.data);
    return delivery->id.length != strlen(self) ||
           memcmp(delivery->id.data, self, delivery->id.length) != 0;
}

/* Everything that there is to do now; false at the end. */
static bool turn(void)
{
    slotway_request *requests[BATCH];
    slotway_delivery deliveries[BATCH];
    size_t count, n;

    /* There are no requests, but the hub asks now and then whether the loop turns. */
    do {
        if (slotway_worker_take(worker, BATCH, requests, &count) != SLOTWAY_OK)
            return false;
    } while (count == BATCH);
    if (slotway_worker_take_notices(worker, BATCH, requests, &count) != SLOTWAY_OK)
        return false;
    do {
        if (slotway_subscription_take(subscription, BATCH, deliveries, &count) != SLOTWAY_OK)
            return false;
        for (n = 0; n < count; n++)
            if (!print(&deliveries[n]))
                return false;
    } while (count == BATCH);
    fflush(stdout);
    return publish();
}

int main(void)
{
    slotway_view pattern = SLOTWAY_LITERAL("chat.*");
    struct pollfd fds[2];

    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL);
    snprintf(self, sizeof self, "end-of-%ld", (long)getpid());
    if (slotway_worker_new(NULL, &worker) || slotway_worker_connect(worker, -1) ||
        slotway_worker_subscribe(worker, &pattern, 1, NULL, -1, &subscription) ||
        slotway_worker_poll_fd(worker, &fds[0].fd)) {
        fprintf(stderr, "events: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    printf("ready\n");
    fflush(stdout);
    fds[0].events = fds[1].events = POLLIN;
    while (turn()) {
        /* Not while there is no room for what was read already. */
        fds[1].fd = ended || filled == sizeof input ? -1 : STDIN_FILENO;
        if (poll(fds, 2, -1) < 0)
            break;
        if (fds[1].fd >= 0 && fds[1].revents != 0) {
            ssize_t got = read(STDIN_FILENO, input + filled, sizeof input - filled);
            ended = got <= 0;
            filled += ended ? 0 : (size_t)got;
        }
    }
    fflush(stdout);
    if (slotway_last_status() == SLOTWAY_E_REFUSED)
        fprintf(stderr, "events: %s\n", slotway_last_error());
    slotway_subscription_close(subscription);
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
