/* Four threads serve one worker, and SIGTERM or SIGINT drains it: requests in hand are
 * answered, then the program ends.
 * Answers GET /slow/{ms}: waits so long, unless nobody waits for the answer any more.
 * Try: curl http://127.0.0.1:8080/slow/500 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4

static void answer(slotway_request *request)
{
    static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");
    slotway_view text;
    char digits[6] = {0};

    if (slotway_request_param(request, "ms", &text) != SLOTWAY_OK)
        return;
    if (text.length >= sizeof digits) {
        slotway_request_respond(request, 400, &type, 1, "too long\n", 9);
        return;
    }
    memcpy(digits, text.data, text.length);
    if (slotway_request_wait_cancelled(request, atoi(digits)) == SLOTWAY_OK)
        printf("threads: nobody waits any more\n");
    else
        slotway_request_respond(request, 200, &type, 1, "done\n", 5);
}

static void *serve(void *userdata)
{
    slotway_worker *worker = (slotway_worker *)userdata;
    slotway_request *request;
    slotway_status status;

    while ((status = slotway_worker_next(worker, -1, &request)) == SLOTWAY_OK) {
        answer(request);
        slotway_request_close(request);
    }
    if (status != SLOTWAY_E_CLOSED)
        fprintf(stderr, "threads: %s\n", slotway_last_error());
    /* Nothing more will come, because a newer worker has replaced this one for example:
     * main, which waits for a signal, is to know. */
    kill(getpid(), SIGTERM);
    return NULL;
}

int main(void)
{
    slotway_worker *worker = NULL;
    pthread_t threads[THREADS];
    sigset_t signals;
    int n, signal_number;

    /* The signals are waited for below; no thread is interrupted by them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    /* Says on the standard error when the hub is away, for example. */
    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL);
    if (slotway_worker_new(NULL, &worker) || slotway_worker_register(worker, "slow", NULL, NULL) ||
        slotway_worker_route(worker, "GET", "/slow/{ms}", 0, NULL) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "threads: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    for (n = 0; n < THREADS; n++)
        if (pthread_create(&threads[n], NULL, serve, worker) != 0)
            return EXIT_FAILURE;

    sigwait(&signals, &signal_number);
    printf("threads: draining\n");
    slotway_worker_drain(worker);
    for (n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
