/* One HTTP GET over libcurl. Redirects are followed here, not by libcurl, so that it can be seen
 * which hosts get the token: the endpoint, and nobody else. */
#ifndef TOOLS_FETCH_FETCH_HTTP_H
#define TOOLS_FETCH_FETCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_REDIRECTS = 5, HTTP_URL = 4096, HTTP_REASON = 512 };

/* Takes bytes of the body, the first of them at offset `at` of the whole. False: no more. */
typedef bool http_sink(void *user, uint64_t at, const void *bytes, size_t count);

struct http_request {
    const char *url;
    const char *endpoint; /* the origin that may see the token: scheme, host and port */
    const char *token;    /* "": none */
    uint64_t from;        /* the first byte that is wanted; a server may send all the same */
    uint32_t timeout;     /* seconds without a byte after which the attempt has failed */
    http_sink *sink;      /* only of 200 and 206 */
    void *user;
};

struct http_answer {
    long status;              /* of the last answer; 0: none came */
    bool whole;               /* its body came to the end that it announced */
    bool again;               /* worth another attempt: the network's or the server's trouble */
    uint64_t wait;            /* seconds that the server asks to wait before that */
    char reason[HTTP_REASON]; /* unless whole and 200 or 206: what is wrong, in words */
};

void http_open(void);
void http_close(void);

/* Never exits; an interrupt ends it like a failure. */
void http_get(const struct http_request *request, struct http_answer *answer);

#endif
