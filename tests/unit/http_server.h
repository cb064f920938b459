/* A server of HTTP on 127.0.0.1 that plays what a test wrote down, in a process of its own that
 * ends with the test, or after a minute. */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HTTP_ROUTES = 8, HTTP_PLAYS = 4, HTTP_REQUESTS = 64, HTTP_REQUEST_BYTES = 2048 };

/* One answer. */
struct http_play {
    int status;          /* 0: the body, 200, or 206 where a range is asked for; 206: the body */
    const char *headers; /* further lines, each with "\r\n"; NULL: none */
    size_t cut;          /* only so many bytes of the body; 0: all */
    bool whole;          /* a range is ignored */
    bool stall;          /* nothing more comes, but the connection stays */
    int announce;        /* added to the length that the headers say */
};

/* What is at a path. The first request gets the first play, and so on; the last is repeated. */
struct http_route {
    const char *path;
    const char *body;
    size_t bytes;
    uint32_t plays; /* 0: the body */
    struct http_play play[HTTP_PLAYS];
};

/* What was asked, in order, header lines included; shared with the server's process. */
struct http_log {
    uint32_t count;
    char request[HTTP_REQUESTS][HTTP_REQUEST_BYTES];
};

struct http_server {
    uint16_t port;
    pid_t pid;
    const volatile uint32_t *count; /* of the log */
    const struct http_log *log;
};

/* Starts it; the routes end with one without a path. What is at no route is 404. */
void http_server_start(struct http_server *server, const struct http_route *routes);
void http_server_stop(struct http_server *server);

#endif
