/* The server inside the test guest: HTTP/1.1 with keep-alive, all of its state in memory.
 *
 *   GET /health        200
 *   GET /count         adds one, answers the number: a live clone goes on from the original's
 *   GET /keep/WORD     remembers a word;  GET /kept  answers it
 *   GET /heap/MIB      fills so many MiB with a pattern;  GET /heap  checks them, answers how many are as written
 *   GET /disk/WORD     writes a word to the first sector of /dev/vda and syncs;  GET /disk  reads it
 *   GET /work/N        N rounds of arithmetic, then a number: costs CPU in proportion
 *   GET /time          milliseconds since the epoch, by the guest's clock
 *   GET /reach/A.B.C.D:PORT   connects within a second from inside: "yes" or "no"
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 256
#define REQUEST 8192
#define WORD 64
#define SECTOR 512

static struct pollfd sockets[CONNECTIONS + 1];
static struct { char text[REQUEST]; int length; } requests[CONNECTIONS + 1];
static unsigned long count;
static char kept[WORD];
static unsigned char *heap;
static size_t heap_bytes;

static int disk(char *word, int write_it)
{
    static char sector[SECTOR] __attribute__((aligned(SECTOR)));
    int fd = open("/dev/vda", write_it ? O_RDWR | O_SYNC : O_RDONLY | O_DIRECT);
    if (fd < 0)
        return -1;
    memset(sector, 0, sizeof sector);
    if (write_it)
        snprintf(sector, WORD, "%s", word);
    ssize_t done = write_it ? pwrite(fd, sector, SECTOR, 0) : pread(fd, sector, SECTOR, 0);
    close(fd);
    if (done != SECTOR)
        return -1;
    if (!write_it)
        snprintf(word, WORD, "%.*s", WORD - 1, sector);
    return 0;
}

static const char *reach(const char *where)
{
    char host[WORD];
    struct sockaddr_in address = { .sin_family = AF_INET };
    snprintf(host, sizeof host, "%s", where);
    char *colon = strrchr(host, ':');
    if (!colon)
        return "no";
    *colon = 0;
    address.sin_port = htons(atoi(colon + 1));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return "no";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 1;
    socklen_t size = sizeof error;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        error = 0;
    else if (errno == EINPROGRESS) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        if (poll(&wait, 1, 1000) == 1)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    close(fd);
    return error == 0 ? "yes" : "no";
}

static int answer(const char *path, char *body, size_t size)
{
    char word[WORD] = "";
    struct timespec now;
    if (!strcmp(path, "/health"))
        snprintf(body, size, "ok\n");
    else if (!strcmp(path, "/count"))
        snprintf(body, size, "%lu\n", ++count);
    else if (!strncmp(path, "/keep/", 6))
        snprintf(kept, sizeof kept, "%.*s", WORD - 1, path + 6), snprintf(body, size, "ok\n");
    else if (!strcmp(path, "/kept"))
        snprintf(body, size, "%s\n", kept);
    else if (!strncmp(path, "/heap/", 6)) {
        free(heap);
        heap_bytes = (size_t)atol(path + 6) << 20;
        heap = malloc(heap_bytes);
        if (!heap)
            return 507;
        for (size_t i = 0; i < heap_bytes; i++)
            heap[i] = (unsigned char)(i * 2654435761u >> 13);
        snprintf(body, size, "ok\n");
    } else if (!strcmp(path, "/heap")) {
        size_t right = 0;
        for (size_t i = 0; i < heap_bytes; i++)
            right += heap[i] == (unsigned char)(i * 2654435761u >> 13);
        snprintf(body, size, "%zu\n", right >> 20);
    } else if (!strncmp(path, "/disk/", 6)) {
        snprintf(word, sizeof word, "%.*s", WORD - 1, path + 6);
        if (disk(word, 1))
            return 507;
        snprintf(body, size, "ok\n");
    } else if (!strcmp(path, "/disk")) {
        if (disk(word, 0))
            return 507;
        snprintf(body, size, "%s\n", word);
    } else if (!strncmp(path, "/work/", 6)) {
        volatile unsigned long sum = 1;
        for (long i = atol(path + 6); i > 0; i--)
            sum = sum * 2862933555777941757ul + 3037000493ul;
        snprintf(body, size, "%lu\n", sum);
    } else if (!strcmp(path, "/time")) {
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(body, size, "%lld\n", now.tv_sec * 1000ll + now.tv_nsec / 1000000);
    } else if (!strncmp(path, "/reach/", 7))
        snprintf(body, size, "%s\n", reach(path + 7));
    else
        return 404;
    return 200;
}

/* Takes what has come; answers each complete request. Returns 0 when the connection is over. */
static int serve(int slot)
{
    int fd = sockets[slot].fd;
    char *text = requests[slot].text, *end;
    ssize_t got = read(fd, text + requests[slot].length, REQUEST - 1 - requests[slot].length);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    requests[slot].length += got;
    text[requests[slot].length] = 0;
    while ((end = strstr(text, "\r\n\r\n"))) {
        char path[WORD * 2] = "", body[WORD * 4] = "", reply[1024];
        *end = 0;
        sscanf(text, "%*s %127s", path);
        int closes = strcasestr(text, "\r\nConnection: close") != NULL;
        int status = answer(path, body, sizeof body);
        int length = snprintf(reply, sizeof reply, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
            status, status == 200 ? "OK" : "Error", strlen(body), closes ? "Connection: close\r\n" : "", body);
        if (write(fd, reply, length) != length || closes)
            return 0;
        requests[slot].length -= end + 4 - text;
        memmove(text, end + 4, requests[slot].length + 1);
    }
    return requests[slot].length < REQUEST - 1;
}

int main(int argc, char **argv)
{
    /* host:port: the server is bound to its own address, so a clone must have the same one. */
    const char *listen_on = argc > 1 ? argv[1] : "0.0.0.0:8080";
    char host[WORD];
    struct sockaddr_in address = { .sin_family = AF_INET };
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    snprintf(host, sizeof host, "%s", listen_on);
    char *colon = strrchr(host, ':');
    if (!colon)
        return 2;
    *colon = 0;
    address.sin_port = htons(atoi(colon + 1));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
        perror("listen");
        return 1;
    }
    for (int i = 0; i <= CONNECTIONS; i++)
        sockets[i].fd = -1;
    sockets[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
    printf("serving at %s\n", listen_on);
    fflush(stdout);
    for (;;) {
        if (poll(sockets, CONNECTIONS + 1, -1) < 0)
            continue;
        if (sockets[0].revents & POLLIN) {
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), slot = 1;
            while (slot <= CONNECTIONS && sockets[slot].fd >= 0)
                slot++;
            if (fd >= 0 && slot <= CONNECTIONS) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                sockets[slot] = (struct pollfd){ .fd = fd, .events = POLLIN };
                requests[slot].length = 0;
            } else if (fd >= 0)
                close(fd);
        }
        for (int i = 1; i <= CONNECTIONS; i++)
            if (sockets[i].fd >= 0 && sockets[i].revents && !serve(i)) {
                close(sockets[i].fd);
                sockets[i].fd = -1;
            }
    }
}
