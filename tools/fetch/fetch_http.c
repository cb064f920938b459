#include "tools/fetch/fetch_http.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"

static CURL *curl;

/* What the callbacks of one request see. */
struct transfer {
    const struct http_request *request;
    uint64_t at;     /* where the next byte of the body belongs */
    double moved;    /* when the last byte came */
    curl_off_t came; /* bytes of the body, of libcurl */
    bool stalled;    /* none for too long */
    bool ranged;     /* Content-Range came */
    bool refused;    /* by the sink */
    bool displaced;  /* the range is not the one that was asked for */
};

void http_open(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (curl = curl_easy_init()) == NULL)
        die(EXIT_FAILED, "libcurl cannot be started");
}

void http_close(void)
{
    curl_easy_cleanup(curl);
    curl_global_cleanup();
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    static const char name[] = "content-range: bytes ";
    struct transfer *t = user;
    const size_t length = size * count;
    uint64_t from = 0;
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
        t->ranged = false; /* a new answer: what an interim one said is void */
    if (length < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0)
        return length;
    char digits[24];
    snprintf(digits, sizeof digits, "%.*s", (int)(length - (sizeof name - 1)),
             line + sizeof name - 1);
    t->ranged = sscanf(digits, "%" SCNu64, &from) == 1 && from == t->request->from;
    return length;
}

static long status_now(void)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    const long status = status_now();
    if (status != 200 && status != 206)
        return size * count; /* the text of an error, for nobody */
    if (status == 206 && !t->ranged) {
        t->displaced = true;
        return 0;
    }
    if (status == 206 && t->at == 0)
        t->at = t->request->from;
    if (!t->request->sink(t->request->user, t->at, bytes, size * count)) {
        t->refused = true;
        return 0;
    }
    t->at += size * count;
    return size * count;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Called at least once a second. libcurl's own limit of speed looks at the last seconds together,
 * and so would be late. */
static int watch(void *user, curl_off_t total, curl_off_t came, curl_off_t up_total, curl_off_t up)
{
    (void)total, (void)up_total, (void)up;
    struct transfer *t = user;
    if (came != t->came) {
        t->came = came;
        t->moved = now();
    }
    t->stalled = now() - t->moved >= t->request->timeout;
    return t->stalled || interrupt_asked();
}

/* Scheme, host and port of a URL in `text`; false if it is no http or https. */
static bool origin(const char *url, char text[HTTP_URL])
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    const bool good =
        parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (good)
        snprintf(text, HTTP_URL, "%s://%s:%s", scheme, host, port);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    return good;
}

static bool token_goes_to(const struct http_request *request, const char *url)
{
    char ours[HTTP_URL], theirs[HTTP_URL];
    return request->token[0] != '\0' && origin(request->endpoint, ours) && origin(url, theirs) &&
           strcasecmp(ours, theirs) == 0;
}

static void prepare(struct transfer *t, const char *url, char error[CURL_ERROR_SIZE])
{
    const struct http_request *request = t->request;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "ingot-fetch");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (request->from > 0) {
        char range[32];
        snprintf(range, sizeof range, "%" PRIu64 "-", request->from);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
    if (token_goes_to(request, url)) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request->token);
    }
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_passing(long status)
{
    return status == 408 || status == 429 || (status >= 500 && status <= 504);
}

/* What the end of an attempt means. */
static void conclude(const struct transfer *t, CURLcode code, const char *error,
                     struct http_answer *answer)
{
    answer->status = status_now();
    answer->whole = code == CURLE_OK;
    answer->reason[0] = '\0';
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    answer->wait = wait > 0 ? (uint64_t)wait : 0;
    if (t->displaced)
        snprintf(answer->reason, HTTP_REASON, "answered with another range than was asked for");
    else if (t->stalled || code == CURLE_OPERATION_TIMEDOUT)
        snprintf(answer->reason, HTTP_REASON, "sent nothing for %u s", t->request->timeout);
    else if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING)
        snprintf(answer->reason, HTTP_REASON, "closed the connection early");
    else if (code != CURLE_OK)
        snprintf(answer->reason, HTTP_REASON, "%s",
                 error[0] != '\0' ? error : curl_easy_strerror(code));
    else if (answer->status != 200 && answer->status != 206)
        snprintf(answer->reason, HTTP_REASON, "answered %ld", answer->status);
    const bool ours = t->refused || interrupt_asked() || code == CURLE_URL_MALFORMAT ||
                      code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_OUT_OF_MEMORY;
    answer->again = code != CURLE_OK ? !ours : is_passing(answer->status);
}

/* Copies the next address of a redirect; false: there is none, or none that may be followed. */
static bool redirected(struct http_answer *answer, char url[HTTP_URL])
{
    char *next = NULL, ignored[HTTP_URL];
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
    if (next == NULL) {
        snprintf(answer->reason, HTTP_REASON, "answered %ld without an address", answer->status);
        return false;
    }
    if (strlen(next) >= HTTP_URL || !origin(next, ignored)) {
        snprintf(answer->reason, HTTP_REASON,
                 "redirects to '%.200s', expected an address of http or https", next);
        return false;
    }
    memmove(url, next, strlen(next) + 1);
    return true;
}

void http_get(const struct http_request *request, struct http_answer *answer)
{
    char url[HTTP_URL];
    snprintf(url, sizeof url, "%s", request->url);
    for (uint32_t hop = 0; hop <= HTTP_REDIRECTS; hop++) {
        struct transfer t = {.request = request, .moved = now()};
        char error[CURL_ERROR_SIZE] = "";
        prepare(&t, url, error);
        const CURLcode code = curl_easy_perform(curl);
        conclude(&t, code, error, answer);
        if (!answer->whole || !is_redirect(answer->status))
            return;
        answer->whole = false;
        if (!redirected(answer, url))
            return;
    }
    snprintf(answer->reason, HTTP_REASON, "redirects more than %d times", HTTP_REDIRECTS);
}
