/* Answers GET /hello/{name}. Try: curl http://127.0.0.1:8080/hello/world */
#include <slotway.h>
#include <stdio.h>

int main(void)
{
    slotway_worker *worker = NULL;
    slotway_request *request;
    slotway_field type = SLOTWAY_FIELD("content-type", "text/plain; charset=utf-8");

    slotway_log(SLOTWAY_LOG_WARN, NULL, NULL); /* to stderr: say so when the hub is away */
    if (slotway_worker_new(NULL, &worker) ||
        slotway_worker_register(worker, "greeter", NULL, NULL) ||
        slotway_worker_route(worker, "GET", "/hello/{name}", 0, NULL) ||
        slotway_worker_connect(worker, -1)) {
        fprintf(stderr, "hello: %s\n", slotway_last_error());
        return 1;
    }
    while (slotway_worker_next(worker, -1, &request) == SLOTWAY_OK) {
        slotway_view name;
        char text[256];
        slotway_request_param(request, "name", &name);
        int length = snprintf(text, sizeof text, "Hello, %.*s!\n",
                              name.length > 200 ? 200 : (int)name.length, name.data);
        slotway_request_respond(request, 200, &type, 1, text, (size_t)length);
        slotway_request_close(request);
    }
    return slotway_worker_close(worker) != SLOTWAY_OK;
}
