#include "tests/unit/http_server.h"

#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void send_all(int to, const char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t sent = send(to, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* Reads up to the empty line behind the headers. */
static bool read_request(int from, char text[HTTP_REQUEST_BYTES])
{
    size_t size = 0;
    text[0] = '\0';
    while (size < HTTP_REQUEST_BYTES - 1 && strstr(text, "\r\n\r\n") == NULL) {
        const ssize_t count = recv(from, text + size, HTTP_REQUEST_BYTES - 1 - size, 0);
        if (count <= 0)
            return false;
        size += (size_t)count;
        text[size] = '\0';
    }
    return true;
}

static void answer(int to, const char *request, const struct http_route *route,
                   const struct http_play *play)
{
    char head[1024], range[80] = "";
    const char *asked = strstr(request, "\r\nRange: bytes=");
    size_t from = 0;
    if (asked != NULL && !play->whole && play->status == 0)
        from = strtoul(asked + strlen("\r\nRange: bytes="), NULL, 10);
    if (from > 0)
        snprintf(range, sizeof range, "Content-Range: bytes %zu-%zu/%zu\r\n", from,
                 route->bytes - 1, route->bytes);
    const size_t bytes = play->status == 0 || play->status == 206 ? route->bytes - from : 0;
    const int length =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d Play\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s\r\n",
                 play->status != 0 ? play->status
                 : from > 0        ? 206
                                   : 200,
                 bytes + (size_t)play->announce, range, play->headers ? play->headers : "");
    send_all(to, head, (size_t)length);
    send_all(to, route->body + from, play->cut > 0 && play->cut < bytes ? play->cut : bytes);
    char nothing;
    if (play->stall)
        (void)recv(to, &nothing, 1, 0); /* returns when the client has gone */
}

static void serve(int listener, const struct http_route *routes, struct http_log *log)
{
    static const struct http_route nowhere = {.plays = 1, .play = {{.status = 404}}};
    static const struct http_play plain;
    uint32_t asked[HTTP_ROUTES] = {0};
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        if (log->count == HTTP_REQUESTS || !read_request(client, log->request[log->count])) {
            close(client);
            continue;
        }
        const char *request = log->request[log->count];
        const char *path = strchr(request, ' ');
        const struct http_route *route = &nowhere;
        const struct http_play *play = &nowhere.play[0];
        for (uint32_t i = 0; path != NULL && routes[i].path != NULL; i++) {
            const size_t length = strlen(routes[i].path);
            if (strncmp(path + 1, routes[i].path, length) != 0 || path[1 + length] != ' ')
                continue;
            route = &routes[i];
            play = route->plays == 0 ? &plain : &route->play[asked[i]];
            if (asked[i] + 1 < route->plays)
                asked[i]++;
        }
        log->count++;
        answer(client, request, route, play);
        close(client);
    }
}

void http_server_start(struct http_server *server, const struct http_route *routes)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct http_log *log =
        mmap(NULL, sizeof *log, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_ptr_ne(log, MAP_FAILED);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    *server = (struct http_server){
        .port = ntohs(address.sin_port), .count = &log->count, .log = log, .pid = fork()};
    ck_assert_int_ge(server->pid, 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        serve(listener, routes, log);
        _exit(0);
    }
    close(listener);
}

void http_server_stop(struct http_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
