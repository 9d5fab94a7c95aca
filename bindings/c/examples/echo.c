/* Streams a request's body back while it arrives, whatever its size, in bounded memory.
 * Try: curl -T some-large-file http://127.0.0.1:8080/echo -o copy */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT_MS 30000

static slotway_status echo(slotway_request *request)
{
    slotway_field headers[] = {
        SLOTWAY_FIELD("content-type", "application/octet-stream"),
        SLOTWAY_FIELD("content-length", ""),
    };
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view type;
    slotway_status status;
    size_t header_count = 1;
    unsigned long long count = 0;
    char length[24];

    /* The answer has the request's content type, and its length if that was stated. */
    if ((status = slotway_request_head(request, &head)) != SLOTWAY_OK ||
        (status = slotway_request_header(request, "content-type", &type)) != SLOTWAY_OK)
        return status;
    if (type.data != NULL)
        headers[0].value = type;
    if (head.content_length != SLOTWAY_LENGTH_UNKNOWN) {
        headers[1].value.data = length;
        headers[1].value.length = (size_t)snprintf(length, sizeof length, "%llu",
                                                   (unsigned long long)head.content_length);
        header_count = 2;
    }
    if ((status = slotway_request_start(request, 200, headers, header_count)) != SLOTWAY_OK)
        return status;

    /* From the request's half of the slot to the response's half, with no buffer between:
     * wait for something, look at it where it lies, send it, give its place back. */
    for (;;) {
        slotway_view arrived;
        bool complete;

        if ((status = slotway_request_wait(request, 0, LIMIT_MS)) != SLOTWAY_OK ||
            (status = slotway_request_peek(request, &arrived, &complete)) != SLOTWAY_OK)
            return status;
        count += arrived.length;
        status = slotway_request_write(request, arrived.data, arrived.length, LIMIT_MS);
        if (status != SLOTWAY_OK ||
            (status = slotway_request_consume(request, arrived.length)) != SLOTWAY_OK)
            return status;
        if (complete)
            break;
    }
    printf("echo: %llu bytes\n", count);
    return slotway_request_finish(request);
}

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request;

    /* Says on the standard error when the hub is away, for example. */
    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL);
    if (slotway_worker_new(NULL, &worker) || slotway_worker_register(worker, "echo", NULL, NULL) ||
        slotway_worker_route(worker, "POST", "/echo", 0, NULL) ||
        slotway_worker_route(worker, "PUT", "/echo", 0, NULL) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "echo: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        if (echo(request) != SLOTWAY_OK) {
            /* Cancelled, say: the client went away. The connection is broken off, so that
             * nobody takes half an answer for a whole one. */
            fprintf(stderr, "echo: %s\n", slotway_last_error());
            slotway_request_abort(request);
        }
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
