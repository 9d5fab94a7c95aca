/* What the programs here check with: each check that fails is one line of the standard error,
 * and at the end of the program `failures` says how many there were. */
#include <pthread.h>
#include <slotway.h>
#include <stdio.h>
#include <string.h>

static int failures;
static pthread_mutex_t reporting = PTHREAD_MUTEX_INITIALIZER;

static void report(const char *file, int line, const char *text, slotway_status status)
{
    pthread_mutex_lock(&reporting);
    fprintf(stderr, "%s:%d: %s (status %s; last error: %s)\n", file, line, text,
            slotway_status_name(status), slotway_last_error());
    failures++;
    pthread_mutex_unlock(&reporting);
}

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            report(__FILE__, __LINE__, #condition, slotway_last_status()); \
    } while (0)

/* A call gives a status; if it is an error, it is this thread's last one and has a text. */
#define GIVES(expected, call) \
    do { \
        slotway_status given_ = (call); \
        if (given_ != (expected)) \
            report(__FILE__, __LINE__, #call " gives " #expected, given_); \
        if ((expected) != SLOTWAY_OK && \
            (slotway_last_status() != (expected) || slotway_last_error()[0] == 0)) \
            report(__FILE__, __LINE__, #call " is the last error", given_); \
    } while (0)

#define SAYS(words) CHECK(strstr(slotway_last_error(), words) != NULL)

static inline slotway_view view(const char *text)
{
    slotway_view made = SLOTWAY_VIEW_INIT;
    made.data = text;
    made.length = strlen(text);
    return made;
}

static inline bool is(slotway_view given, const char *text)
{
    return given.data != NULL && given.length == strlen(text) &&
           memcmp(given.data, text, given.length) == 0;
}
