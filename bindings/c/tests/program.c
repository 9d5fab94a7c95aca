/* A program out of the tree: answers GET /ping once, or as often as it is told, drains, and
 * ends. */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s (%s)\n", what, slotway_last_error(),
            slotway_status_name(slotway_last_status()));
    return 1;
}

int main(int argc, char **argv)
{
    int left = argc > 1 ? atoi(argv[1]) : 1;
    static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");
    slotway_worker *worker = NULL;
    slotway_request *request = NULL;
    slotway_status status;

    if (!SLOTWAY_ABI_COMPATIBLE() || slotway_abi_version() != SLOTWAY_ABI_VERSION ||
        strcmp(slotway_version(), SLOTWAY_VERSION) != 0) {
        fprintf(stderr, "built with %s, runs with %s\n", SLOTWAY_VERSION, slotway_version());
        return 1;
    }
    if (slotway_worker_new(NULL, &worker) || slotway_worker_register(worker, "ping", NULL, NULL) ||
        slotway_worker_route(worker, "GET", "/ping", 0, NULL) ||
        slotway_worker_connect(worker, 20000))
        return failed("connecting");
    printf("ready\n");
    fflush(stdout);
    while (left-- > 0) {
        slotway_head head = SLOTWAY_HEAD_INIT;
        slotway_view body;

        if (slotway_worker_next(worker, 60000, &request) != SLOTWAY_OK)
            return failed("waiting for a request");
        if (slotway_request_head(request, &head) != SLOTWAY_OK ||
            slotway_request_body(request, 0, &body) != SLOTWAY_OK || body.length != 0)
            return failed("reading");
        if (slotway_request_respond(request, 200, &type, 1, "pong\n", 5) != SLOTWAY_OK)
            return failed("answering");
        if (slotway_request_close(request) != SLOTWAY_OK)
            return failed("closing the request");
    }
    if (slotway_worker_drain(worker) != SLOTWAY_OK)
        return failed("draining");
    while ((status = slotway_worker_next(worker, -1, &request)) == SLOTWAY_OK)
        slotway_request_close(request);
    if (status != SLOTWAY_E_CLOSED || slotway_worker_close(worker) != SLOTWAY_OK)
        return failed("closing");
    return 0;
}
