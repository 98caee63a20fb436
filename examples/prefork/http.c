/* SPDX-License-Identifier: MIT */
/* http.c - as much HTTP as a page on the same machine needs: GET and HEAD, one
 * request for each connection.  Whoever talks to it gets two seconds, and no
 * second is spent in a call that cannot be interrupted by the clock. */
#include "prefork.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 2000, /* for a request, and once more for its answer */
    PARTING_MS = 200,   /* for what is still sent after an answer */
    BACKLOG = 128
};

int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until `client` is ready; false: it is too late. */
static bool
wait_for(int client, short events, int64_t deadline)
{
    struct pollfd wanted = { .fd = client, .events = events };
    int ready;

    do {
        int64_t left = deadline - now_ms();

        if (left <= 0)
            return false;
        ready = poll(&wanted, 1, (int)left);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

int
http_listen(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(*port) };
    socklen_t length = sizeof address;
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener < 0)
        return -1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* Never block in accept(): another worker may have been faster. */
    if (bind(listener, (struct sockaddr *)&address, length) == 0 &&
        listen(listener, BACKLOG) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
        fcntl(listener, F_SETFL, O_NONBLOCK) == 0) {
        *port = ntohs(address.sin_port);
        return listener;
    }
    close(listener);
    return -1;
}

int
http_accept(int listener, int lifeline, int timeout)
{
    struct pollfd wanted[] = { { .fd = listener, .events = POLLIN },
                               { .fd = lifeline } };

    if (poll(wanted, 2, timeout) < 0)
        return -1;
    if (wanted[1].revents)
        return HTTP_END;
    return wanted[0].revents ? accept(listener, NULL, NULL) : -1;
}

/* Split "GET /path HTTP/1.1"; the status it deserves. */
static int
parse(struct request *request)
{
    char *path, *version;

    request->head[strcspn(request->head, "\r\n")] = '\0';
    path = strchr(request->head, ' ');
    version = path ? strchr(path + 1, ' ') : NULL;
    if (!version || strncmp(version, " HTTP/", 6) != 0)
        return 400;
    if (strcmp(version, " HTTP/1.0") != 0 && strcmp(version, " HTTP/1.1") != 0)
        return 505;
    *path = *version = '\0';
    request->path = path + 1;
    request->path = request->path[0] == '/' ? request->path : "";
    path[1 + strcspn(path + 1, "?#")] = '\0';
    request->only_head = strcmp(request->head, "HEAD") == 0;
    if (!request->only_head && strcmp(request->head, "GET") != 0)
        return 405;
    return request->path[0] ? 200 : 400;
}

int
http_read(int client, struct request *request)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    size_t length = 0;
    ssize_t got;

    request->only_head = false;
    while (wait_for(client, POLLIN, deadline)) {
        got = recv(client, request->head + length,
                   sizeof request->head - 1 - length, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return 0;
        if (memchr(request->head + length, '\0', (size_t)got))
            return 400;
        length += (size_t)got;
        request->head[length] = '\0';
        if (strstr(request->head, "\r\n\r\n") || strstr(request->head, "\n\n"))
            return parse(request);
        if (length == sizeof request->head - 1)
            return 431;
    }
    return length ? 408 : 0;
}

static bool
send_all(int client, const char *bytes, size_t length, int64_t deadline)
{
    while (length) {
        ssize_t sent = send(client, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if ((errno != EAGAIN && errno != EINTR) ||
                   !wait_for(client, POLLOUT, deadline))
            return false;
    }
    return true;
}

/* Closing while there is something to be read would take the answer back. */
static void
part(int client)
{
    int64_t deadline = now_ms() + PARTING_MS;
    char scrap[4096];

    (void)shutdown(client, SHUT_WR);
    while (wait_for(client, POLLIN, deadline) &&
           recv(client, scrap, sizeof scrap, MSG_DONTWAIT) > 0)
        ;
    close(client);
}

static const char *
reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

void
http_answer(int client, const struct request *request, int status,
            const char *type, const char *body, size_t length)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    char head[256];

    if (!status) {
        close(client);
        return;
    }
    if (!body) {
        body = reason(status);
        length = strlen(body);
    }
    snprintf(head, sizeof head,
             "HTTP/1.1 %d %s\r\n"
             "Content-Type: %s; charset=utf-8\r\n"
             "Content-Length: %zu\r\n"
             "Cache-Control: no-store\r\n"
             "%sConnection: close\r\n\r\n",
             status, reason(status), type, length,
             status == 405 ? "Allow: GET, HEAD\r\n" : "");
    if (send_all(client, head, strlen(head), deadline) && !request->only_head)
        (void)send_all(client, body, length, deadline);
    part(client);
}
