/* The header by itself: it needs nothing before it, may be included twice, and its macros
 * work in every dialect. Compiled only, in each dialect, with all warnings as errors. */
#include <slotway.h>
#include <slotway.h>

#if SLOTWAY_ABI_VERSION != ((SLOTWAY_ABI_MAJOR << 16) | SLOTWAY_ABI_MINOR)
#error "SLOTWAY_ABI_VERSION is not made of its parts"
#endif

/* The sizes are part of the ABI. */
typedef char status_is_an_int32[sizeof(slotway_status) == 4 ? 1 : -1];
typedef char worker_options_size[sizeof(slotway_worker_options) == 64 ? 1 : -1];
typedef char registration_options_size[sizeof(slotway_registration_options) == 16 ? 1 : -1];
typedef char head_size[sizeof(slotway_head) == 120 ? 1 : -1];
typedef char field_size[sizeof(slotway_field) == 32 ? 1 : -1];
typedef char peer_size[sizeof(slotway_peer) == 24 ? 1 : -1];
typedef char event_size[sizeof(slotway_event) == 112 ? 1 : -1];
typedef char delivery_size[sizeof(slotway_delivery) == 128 ? 1 : -1];
typedef char refusal_size[sizeof(slotway_refusal) == 16 ? 1 : -1];
typedef char subscription_options_size[sizeof(slotway_subscription_options) == 40 ? 1 : -1];
typedef char sse_size[sizeof(slotway_sse) == 16 ? 1 : -1];
typedef char push_size[sizeof(slotway_push) == 120 ? 1 : -1];
typedef char queue_options_size[sizeof(slotway_queue_options) == 8 ? 1 : -1];
typedef char metrics_size[sizeof(slotway_metrics) == 96 ? 1 : -1];
typedef char activity_size[sizeof(slotway_activity) == 64 ? 1 : -1];
typedef char call_size[sizeof(slotway_call) == 104 ? 1 : -1];
typedef char reply_size[sizeof(slotway_reply) == 56 ? 1 : -1];
typedef char call_end_is_an_int32[sizeof(slotway_call_end) == 4 ? 1 : -1];
typedef char trace_size[sizeof(slotway_trace) == 32 ? 1 : -1];

static const slotway_field headers[] = {
    SLOTWAY_FIELD("content-type", "text/plain"),
    SLOTWAY_FIELD("x-empty", ""),
};

uint32_t use_everything(slotway_worker *worker, slotway_request *request);

uint32_t use_everything(slotway_worker *worker, slotway_request *request)
{
    slotway_worker_options options = SLOTWAY_WORKER_OPTIONS_INIT;
    slotway_registration_options registration = SLOTWAY_REGISTRATION_OPTIONS_INIT;
    slotway_subscription_options subscription = SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
    slotway_event event = SLOTWAY_EVENT_INIT;
    slotway_push push = SLOTWAY_PUSH_INIT;
    slotway_sse sse = SLOTWAY_SSE_INIT;
    slotway_queue_options queue = SLOTWAY_QUEUE_OPTIONS_INIT;
    slotway_activity activity = SLOTWAY_ACTIVITY_INIT;
    slotway_metrics metrics = SLOTWAY_METRICS_INIT;
    slotway_call call = SLOTWAY_CALL_INIT;
    slotway_reply reply = SLOTWAY_REPLY_INIT;
    slotway_head head = SLOTWAY_HEAD_INIT;
    slotway_view view = SLOTWAY_VIEW_INIT;
    slotway_view text = SLOTWAY_LITERAL("text");
    slotway_status status = slotway_worker_new(&options, &worker);

    if (status == SLOTWAY_OK)
        status = slotway_worker_register(worker, "name", &registration, NULL);
    if (status == SLOTWAY_E_TIMEOUT || !SLOTWAY_ABI_COMPATIBLE())
        return (uint32_t)text.length;
    switch (slotway_request_head(request, &head)) {
    case SLOTWAY_OK:
        break;
    case SLOTWAY_E_CLOSED:
    default:
        return (uint32_t)(view.length + headers[0].name.length);
    }
    if (event.size + push.size + sse.size + subscription.size == 0)
        return SLOTWAY_EVENT_MUST_DELIVER + SLOTWAY_SUBSCRIPTION_ROUTED + SLOTWAY_PUSH_CLOSE;
    if (queue.size + activity.size + call.size + reply.size + metrics.size == 0)
        return SLOTWAY_CALL_IDEMPOTENT + SLOTWAY_REPLY_REPLAYED + SLOTWAY_WORKER_HOT_ADD;
    if (metrics.state == SLOTWAY_REGISTRATION_LIVE || metrics.ending != SLOTWAY_ENDING_NONE)
        return (uint32_t)slotway_ending_name(metrics.ending)[0];
    if (slotway_last_call_end() == SLOTWAY_END_WORKER_GONE)
        return (uint32_t)slotway_call_end_name(SLOTWAY_END_WORKER_GONE)[0];
    status = slotway_request_respond(request, 200, headers, 2, text.data, text.length);
    return head.size + SLOTWAY_ROUTE_IDEMPOTENT + (head.content_length == SLOTWAY_LENGTH_UNKNOWN) +
           (uint32_t)(slotway_status_name(status)[0] == 'o');
}
