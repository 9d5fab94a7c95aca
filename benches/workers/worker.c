/* The C worker of the benches: says hello and sends bodies back, on one thread.
 *
 * worker NAME PREFIX ROUTES serves, as NAME, GET PREFIX/hello/{name}, POST PREFIX/echo and
 * besides ROUTES routes GET PREFIX/route/N/{name} that say hello as well. */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 30000

static slotway_status hello(slotway_request *request)
{
    static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain; charset=utf-8");
    slotway_view name;
    char text[256];

    slotway_request_param(request, "name", &name);
    int length = snprintf(text, sizeof text, "Hello, %.*s!\n",
                          name.length > 200 ? 200 : (int)name.length, name.data);
    return slotway_request_respond(request, 200, &type, 1, text, (size_t)length);
}

/* What has arrived as a whole goes back in one call. What is longer than the slot flows. */
static slotway_status echo(slotway_request *request, uint64_t content_length)
{
    slotway_field headers[] = {
        SLOTWAY_FIELD("content-type", "application/octet-stream"),
        SLOTWAY_FIELD("content-length", ""),
    };
    slotway_status status;
    slotway_view arrived;
    bool complete, started = false;
    char digits[24];

    for (;;) {
        if ((status = slotway_request_wait(request, 0, LIMIT_MS)) != SLOTWAY_OK ||
            (status = slotway_request_peek(request, &arrived, &complete)) != SLOTWAY_OK)
            return status;
        if (complete && !started)
            return slotway_request_respond(request, 200, headers, 1, arrived.data, arrived.length);
        if (!started) {
            headers[1].value.data = digits;
            headers[1].value.length = (size_t)snprintf(digits, sizeof digits, "%llu",
                                                       (unsigned long long)content_length);
            status = slotway_request_start(request, 200, headers,
                                           content_length == SLOTWAY_LENGTH_UNKNOWN ? 1 : 2);
            if (status != SLOTWAY_OK)
                return status;
            started = true;
        }
        status = slotway_request_write(request, arrived.data, arrived.length, LIMIT_MS);
        if (status != SLOTWAY_OK ||
            (status = slotway_request_consume(request, arrived.length)) != SLOTWAY_OK)
            return status;
        if (complete)
            return slotway_request_finish(request);
    }
}

static slotway_status answer(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_status status = slotway_request_head(request, &head);

    if (status != SLOTWAY_OK)
        return status;
    if (head.method.length == 4)
        return echo(request, head.content_length);
    return hello(request);
}

static slotway_status add_routes(slotway_worker *worker, const char *prefix, int count)
{
    char route[512];
    slotway_status status;

    snprintf(route, sizeof route, "%s/hello/{name}", prefix);
    if ((status = slotway_worker_route(worker, "GET", route, 0, NULL)) != SLOTWAY_OK)
        return status;
    snprintf(route, sizeof route, "%s/echo", prefix);
    if ((status = slotway_worker_route(worker, "POST", route, 0, NULL)) != SLOTWAY_OK)
        return status;
    for (int n = 0; n < count; n++) {
        snprintf(route, sizeof route, "%s/route/%d/{name}", prefix, n);
        if ((status = slotway_worker_route(worker, "GET", route, 0, NULL)) != SLOTWAY_OK)
            return status;
    }
    return SLOTWAY_OK;
}

int main(int count, char **arguments)
{
    slotway_worker *worker = NULL;
    slotway_request *request;

    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL);
    if (count != 4) {
        fprintf(stderr, "worker NAME PREFIX ROUTES\n");
        return EXIT_FAILURE;
    }
    if (slotway_worker_new(NULL, &worker) ||
        slotway_worker_register(worker, arguments[1], NULL, NULL) ||
        add_routes(worker, arguments[2], atoi(arguments[3])) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "worker: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        if (answer(request) != SLOTWAY_OK) {
            /* A load ends with its requests cut off: nobody waits for these answers. */
            slotway_request_abort(request);
        }
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
