// SPDX-License-Identifier: MIT
/*
 * http_client PORT [COUNT [leave]] - send standard input to 127.0.0.1, COUNT
 * times (1), each on a connection of its own, and print the last answer.
 * "leave": do not wait for one.  Exit status 1: there was no connection, or no
 * answer.  For prefork.sh: unlike curl it sends what it is told to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char request[1 << 20];
static char answer[1 << 20];

static int
connect_to(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(port)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int server = socket(AF_INET, SOCK_STREAM, 0);

    if (server < 0 ||
        connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("http_client");
        exit(1);
    }
    return server;
}

static size_t
ask(const char *port, size_t length, int leave)
{
    int server = connect_to(port);
    size_t got = 0;
    ssize_t more;

    // The server may have had enough before it has all.
    for (size_t sent = 0; sent < length; sent += (size_t)more) {
        more = send(server, request + sent, length - sent, MSG_NOSIGNAL);
        if (more <= 0)
            break;
    }
    while (!leave && got < sizeof answer &&
           (more = recv(server, answer + got, sizeof answer - got, 0)) > 0)
        got += (size_t)more;
    close(server);
    return got;
}

int
main(int argc, char **argv)
{
    size_t length = fread(request, 1, sizeof request, stdin), got = 0;
    int count = argc > 2 ? atoi(argv[2]) : 1, leave = argc > 3;

    if (argc < 2)
        return 1;
    for (int i = 0; i < count; i++) {
        got = ask(argv[1], length, leave);
        if (!got && !leave)
            return 1;
    }
    fwrite(answer, 1, got, stdout);
    return 0;
}
