/* Streams an answer to each client, token by token, as a language model gives them: the hub
 * holds the clients (Server-Sent Events), this worker hears who comes and goes and pushes.
 * Try: curl -N http://127.0.0.1:8080/answers/why */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const tokens[] = {"Because", " ",     "slots", " ", "are",   " ",
                                     "memory",  ",",     " ",     "and", " ", "memory",
                                     " ",       "is",    " ",     "near", ".",   "\n"};
enum { COUNT = sizeof tokens / sizeof *tokens };

/* All tokens in one call, and a last event that says that they were all. */
static slotway_status answer(slotway_worker *worker, uint64_t connection)
{
    slotway_push pushes[COUNT + 1];
    slotway_view token = SLOTWAY_LITERAL("token"), done = SLOTWAY_LITERAL("done");
    slotway_push blank = SLOTWAY_PUSH_INIT;
    size_t n;

    for (n = 0; n <= COUNT; n++) {
        pushes[n] = blank;
        pushes[n].connection = connection;
        pushes[n].type = n < COUNT ? token : done;
        if (n < COUNT) {
            pushes[n].data.data = tokens[n];
            pushes[n].data.length = strlen(tokens[n]);
        }
    }
    return slotway_worker_push_many(worker, pushes, COUNT + 1, -1, NULL);
}

static void serve(slotway_worker *worker, slotway_request *request)
{
    static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");
    slotway_sse sse = SLOTWAY_SSE_INIT;
    slotway_view question;

    slotway_request_sse(request, &sse);
    slotway_request_param(request, "question", &question);
    switch (sse.what) {
    case SLOTWAY_SSE_CONNECT:
        if (question.length > 80) {
            slotway_request_respond(request, 400, &type, 1, "too long\n", 9);
            return;
        }
        printf("%llu asks: %.*s\n", (unsigned long long)sse.connection, (int)question.length,
               question.data);
        /* It stays. What is pushed from here on reaches it. */
        slotway_request_respond(request, 200, NULL, 0, NULL, 0);
        if (answer(worker, sse.connection) != SLOTWAY_OK)
            fprintf(stderr, "tokens: %s\n", slotway_last_error());
        break;
    case SLOTWAY_SSE_RECONNECT:
        /* It had its answer from the worker before this one. */
        slotway_request_respond(request, 200, NULL, 0, NULL, 0);
        break;
    case SLOTWAY_SSE_DISCONNECT:
        printf("%llu is gone\n", (unsigned long long)sse.connection);
        slotway_request_respond(request, 204, NULL, 0, NULL, 0);
        break;
    default:
        /* A HEAD. */
        slotway_request_respond(request, 200, NULL, 0, NULL, 0);
        break;
    }
    fflush(stdout);
}

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request;

    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL);
    if (slotway_worker_new(NULL, &worker) ||
        slotway_worker_register(worker, "tokens", NULL, NULL) ||
        slotway_worker_route(worker, "GET", "/answers/{question}", SLOTWAY_ROUTE_SSE, NULL) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "tokens: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        serve(worker, request);
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
