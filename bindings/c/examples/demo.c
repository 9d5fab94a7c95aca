/* The C worker of `make demo`: parameters, repeated headers, streams both ways. */
#include <slotway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of registration: slotway_head.route_index counts them from 0. */
enum { HELLO, TAGS, ECHO, DOWNLOAD, ROUTES };
static const char *const routes[ROUTES][2] = {
    {"GET", "/c/hello/{name}"},
    {"GET", "/c/tags"},
    {"POST", "/c/echo"},
    {"GET", "/c/download/{bytes}"},
};

static slotway_status hello(slotway_request *request)
{
    slotway_field type = SLOTWAY_FIELD("content-type", "text/plain; charset=utf-8");
    slotway_view name;
    char text[256];
    int length;

    slotway_request_param(request, "name", &name);
    length = snprintf(text, sizeof text, "Hello, %.*s, from C!",
                      name.length > 200 ? 200 : (int)name.length, name.data);
    return slotway_request_respond(request, 200, &type, 1, text, (size_t)length);
}

/* Sends every x-tag header back: repeated, in order, any bytes. */
static slotway_status tags(slotway_request *request)
{
    slotway_field headers[64];
    size_t count, index, kept = 0;

    slotway_request_headers(request, 64, headers, &count);
    for (index = 0; index < count && index < 64; index++) {
        slotway_view name = headers[index].name;
        if (name.length == 5 && memcmp(name.data, "x-tag", 5) == 0)
            headers[kept++] = headers[index];
    }
    return slotway_request_respond(request, 200, headers, kept, NULL, 0);
}

/* Any size: the body flows through piece by piece. */
static slotway_status echo(slotway_request *request)
{
    char piece[16384];
    size_t count;
    slotway_status status = slotway_request_start(request, 200, NULL, 0);

    while (status == SLOTWAY_OK) {
        status = slotway_request_read(request, sizeof piece, -1, piece, &count);
        if (status != SLOTWAY_OK || count == 0)
            break;
        status = slotway_request_write(request, piece, count, -1);
    }
    return status == SLOTWAY_OK ? slotway_request_finish(request) : status;
}

static slotway_status download(slotway_request *request)
{
    static char dots[65536];
    char digits[32] = "";
    slotway_field length = SLOTWAY_FIELD("content-length", "");
    slotway_view bytes;
    unsigned long long left;
    slotway_status status;

    slotway_request_param(request, "bytes", &bytes);
    memcpy(digits, bytes.data, bytes.length < sizeof digits ? bytes.length : sizeof digits - 1);
    left = strtoull(digits, NULL, 10);
    snprintf(digits, sizeof digits, "%llu", left);
    length.value.data = digits;
    length.value.length = strlen(digits);
    status = slotway_request_start(request, 200, &length, 1);
    while (status == SLOTWAY_OK && left > 0) {
        size_t piece = left < sizeof dots ? (size_t)left : sizeof dots;
        status = slotway_request_write(request, dots, piece, -1);
        left -= piece;
    }
    return status == SLOTWAY_OK ? slotway_request_finish(request) : status;
}

static slotway_status answer(slotway_request *request)
{
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_status status = slotway_request_head(request, &head);

    if (status != SLOTWAY_OK)
        return status;
    switch (head.route_index) {
    case HELLO: return hello(request);
    case TAGS: return tags(request);
    case ECHO: return echo(request);
    default: return download(request);
    }
}

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request;
    slotway_status status;
    int route;

    status = slotway_worker_new(NULL, &worker);
    if (status == SLOTWAY_OK)
        status = slotway_worker_register(worker, "demo-c", NULL, NULL);
    for (route = 0; route < ROUTES && status == SLOTWAY_OK; route++)
        status = slotway_worker_route(worker, routes[route][0], routes[route][1], 0, NULL);
    if (status == SLOTWAY_OK)
        status = slotway_worker_connect(worker, -1);
    if (status != SLOTWAY_OK) {
        fprintf(stderr, "demo: %s\n", slotway_last_error());
        return 1;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        if (answer(request) != SLOTWAY_OK)
            fprintf(stderr, "demo: %s\n", slotway_last_error());
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) != SLOTWAY_OK;
}
