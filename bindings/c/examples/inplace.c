/* Writes responses in place, into the memory that the hub sends from: no copy in between.
 * Answers GET /squares/{n} with the first n squares.
 * Try: curl http://127.0.0.1:8080/squares/10 */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>

static const slotway_field type = SLOTWAY_FIELD("content-type", "text/plain");

/* Reads a number of one to four digits; -1 for anything else. A view has no NUL at its end. */
static int number(slotway_view text)
{
    int value = 0;
    size_t n;

    if (text.length == 0 || text.length > 4)
        return -1;
    for (n = 0; n < text.length; n++) {
        if (text.data[n] < '0' || text.data[n] > '9')
            return -1;
        value = value * 10 + (text.data[n] - '0');
    }
    return value;
}

static slotway_status squares(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view text;
    slotway_status status;
    void *space;
    size_t used = 0;
    int n, count;

    if ((status = slotway_request_head(request, &head)) != SLOTWAY_OK ||
        (status = slotway_request_param(request, "n", &text)) != SLOTWAY_OK)
        return status;
    count = number(text);
    /* Each line has 9 bytes at most, and snprintf wants one more. */
    if (count < 0 || (size_t)count * 9 + 1 > head.response_capacity)
        return slotway_request_respond(request, 400, &type, 1, "how many?\n", 10);
    if ((status = slotway_request_reserve(request, (size_t)count * 9 + 1, &space)) != SLOTWAY_OK)
        return status;
    for (n = 1; n <= count; n++)
        used += (size_t)snprintf((char *)space + used, 10, "%d\n", n * n);
    if ((status = slotway_request_commit(request, used)) != SLOTWAY_OK)
        return status;
    return slotway_request_complete(request, 200, &type, 1);
}

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request;

    if (slotway_worker_new(NULL, &worker) ||
        slotway_worker_register(worker, "squares", NULL, NULL) ||
        slotway_worker_route(worker, "GET", "/squares/{n}", SLOTWAY_ROUTE_IDEMPOTENT, NULL) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "inplace: %s\n", slotway_last_error());
        return EXIT_FAILURE;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        if (squares(request) != SLOTWAY_OK)
            fprintf(stderr, "inplace: %s\n", slotway_last_error());
        /* A request that has no answer yet is answered with 500 by this. */
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) == SLOTWAY_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
