/* The server inside the test guest: HTTP/1.1 with keep-alive, all of its state in memory. It answers as tests/Subjects/Specimen does,
 * which the other back ends are tried with:
 *
 *   GET  /health               ok
 *   GET  /count                adds one, answers the number: a live clone goes on from the original's
 *   POST /session/KEY/VALUE    remembers;  GET /session/KEY
 *   GET  /touch                writes to the next page of the heap ($HEAP_MIB)
 *   GET  /heap                 how many MiB of it hold what they should
 *   POST /file/NAME/CONTENT    appends to the disk (its first sector);  GET /file/NAME
 *   GET  /identity             host name, addresses, clock
 *   GET  /reach/BY?to=WHERE    tries a way out (tcp, udp): "reached" or why not
 *   POST /connect?to=WHERE     opens a connection and keeps it;  GET /connected: whether it still carries anything
 *   GET  /work/N               N rounds of arithmetic: costs CPU in proportion
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
#define SESSIONS 64
#define WORD 64
#define SECTOR 512
#define PAGE 4096
#define PATIENCE 1000 /* milliseconds */

static struct pollfd sockets[CONNECTIONS + 1];
static struct { char text[REQUEST]; int length; } requests[CONNECTIONS + 1];
static const char *listen_on;
static unsigned long count;
static char sessions[SESSIONS][2][WORD];
static int kept = -1;
static unsigned char *heap;
static size_t heap_bytes;
static size_t next;

/* Reads the first sector, or writes it. */
static int disk(char *sector, int write_it)
{
    static char buffer[SECTOR] __attribute__((aligned(SECTOR)));
    int fd = open("/dev/vda", (write_it ? O_RDWR : O_RDONLY) | O_DIRECT | O_SYNC);
    if (fd < 0)
        return -1;
    memcpy(buffer, sector, SECTOR);
    ssize_t done = write_it ? pwrite(fd, buffer, SECTOR, 0) : pread(fd, buffer, SECTOR, 0);
    close(fd);
    memcpy(sector, buffer, SECTOR);
    sector[SECTOR - 1] = 0;
    return done == SECTOR ? 0 : -1;
}

static void decode(char *text)
{
    char *to = text;
    for (; *text; text++) {
        unsigned value;
        if (*text == '%' && sscanf(text + 1, "%2x", &value) == 1) {
            *to++ = (char)value;
            text += 2;
        } else
            *to++ = *text;
    }
    *to = 0;
}

/* Opens a socket towards A.B.C.D:PORT or [V6]:PORT and waits a second until it is connected; -1 when it is not. */
static int reach(const char *where, int type)
{
    char host[WORD];
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    snprintf(host, sizeof host, "%s", where[0] == '[' ? where + 1 : where);
    char *colon = strrchr(host, ':');
    if (!colon)
        return -1;
    int port = htons(atoi(colon + 1)), error = 0;
    *colon = 0;
    host[strcspn(host, "]%")] = 0;
    four.sin_port = six.sin6_port = port;
    int is_six = strchr(host, ':') != NULL;
    if (inet_pton(is_six ? AF_INET6 : AF_INET, host, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
        return -1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof error;
    if (connect(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four)) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        error = errno;
        if (error == EINPROGRESS && poll(&wait, 1, PATIENCE) == 1)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Only an answer tells that a datagram arrived: whoever listens there sends back what it gets. */
static int echoed(int fd)
{
    char byte = 1;
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&wait, 1, PATIENCE) == 1 && recv(fd, &byte, 1, 0) == 1;
}

/* A connection is alive when it has neither ended nor been reset a while after something was sent. */
static int alive(int fd)
{
    char byte = 1;
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return fd >= 0 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && (poll(&wait, 1, PATIENCE) == 0 || recv(fd, &byte, 1, 0) == 1);
}

static void identity(char *body, size_t size)
{
    char host[WORD] = "", mac[WORD] = "";
    struct timespec now;
    gethostname(host, sizeof host - 1);
    FILE *file = fopen("/sys/class/net/eth0/address", "r");
    if (file) {
        fscanf(file, "%63s", mac);
        fclose(file);
    }
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm parts;
    char time[WORD];
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
    snprintf(body, size, "{\"host\":\"%s\",\"listen\":\"%s\",\"addresses\":[\"%.*s\"],\"macs\":[\"%s\"],\"processId\":%d,\"now\":\"%s.%03ldZ\"}",
        host, listen_on, (int)strcspn(listen_on, ":"), listen_on, mac, getpid(), time, now.tv_nsec / 1000000);
}

/* Writes to one page, each time to the next. */
static unsigned char touch(void)
{
    size_t pages = heap_bytes / PAGE;
    return pages ? ++heap[next++ % pages * PAGE] : 0;
}

/* MiB of the heap whose pages are their own. */
static size_t right(void)
{
    size_t pages = 0, index;
    for (size_t i = 0; i < heap_bytes; i += PAGE) {
        memcpy(&index, heap + i + 8, sizeof index);
        pages += index == i;
    }
    return pages * PAGE >> 20;
}

static int answer(const char *method, char *path, char *body, size_t size)
{
    char key[WORD] = "", value[WORD] = "", sector[SECTOR] = "";
    char *to = strstr(path, "?to=");
    int fd, posts = !strcmp(method, "POST");
    if (to) {
        *to = 0;
        decode(to += 4);
    }
    if (!strcmp(path, "/health"))
        snprintf(body, size, "ok");
    else if (!strcmp(path, "/count"))
        snprintf(body, size, "%lu", ++count);
    else if (!strcmp(path, "/touch"))
        snprintf(body, size, "%u", touch());
    else if (!strcmp(path, "/heap"))
        snprintf(body, size, "%zu", right());
    else if (!strcmp(path, "/identity"))
        identity(body, size);
    else if (posts && sscanf(path, "/session/%63[^/]/%63[^/]", key, value) == 2) {
        int slot = 0;
        while (slot < SESSIONS - 1 && sessions[slot][0][0] && strcmp(sessions[slot][0], key))
            slot++;
        snprintf(sessions[slot][0], WORD, "%s", key);
        snprintf(sessions[slot][1], WORD, "%s", value);
    } else if (sscanf(path, "/session/%63[^/]", key) == 1) {
        for (int slot = 0; slot < SESSIONS; slot++)
            if (!strcmp(sessions[slot][0], key))
                snprintf(body, size, "%s", sessions[slot][1]);
    } else if (posts && sscanf(path, "/file/%63[^/]/%63[^/]", key, value) == 2) {
        if (disk(sector, 0) || strlen(sector) + strlen(value) >= SECTOR || (strcat(sector, value), disk(sector, 1)))
            return 507;
    } else if (sscanf(path, "/file/%63[^/]", key) == 1) {
        if (disk(sector, 0))
            return 507;
        snprintf(body, size, "%s", sector);
    } else if (to && !strcmp(path, "/connect"))
        kept = reach(to, SOCK_STREAM);
    else if (!strcmp(path, "/connected"))
        snprintf(body, size, "%s", alive(kept) ? "true" : "false");
    else if (to && !strcmp(path, "/reach/tcp")) {
        if ((fd = reach(to, SOCK_STREAM)) >= 0)
            close(fd);
        snprintf(body, size, "%s", fd >= 0 ? "reached" : "no connection");
    } else if (to && !strcmp(path, "/reach/udp")) {
        int heard = (fd = reach(to, SOCK_DGRAM)) >= 0 && echoed(fd);
        if (fd >= 0)
            close(fd);
        snprintf(body, size, "%s", heard ? "reached" : "no answer");
    } else if (!strncmp(path, "/reach/", 7))
        snprintf(body, size, "this guest has none");
    else if (!strncmp(path, "/work/", 6)) {
        volatile unsigned long sum = 1;
        for (long i = atol(path + 6); i > 0; i--)
            sum = sum * 2862933555777941757ul + 3037000493ul;
        snprintf(body, size, "%lu", sum);
    } else
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
        char method[8] = "", path[WORD * 4] = "", body[1024] = "", reply[2048];
        *end = 0;
        sscanf(text, "%7s %255s", method, path);
        int closes = strcasestr(text, "\r\nConnection: close") != NULL;
        int status = answer(method, path, body, sizeof body);
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
    listen_on = argc > 1 ? argv[1] : "0.0.0.0:8080";
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
    heap_bytes = (size_t)atol(getenv("HEAP_MIB") ? getenv("HEAP_MIB") : "0") << 20;
    heap = malloc(heap_bytes + 1);
    /* Pages that are all different, or a copy would be of one. */
    for (size_t i = 0; heap && i < heap_bytes; i += PAGE) {
        heap[i] = (unsigned char)(i / PAGE);
        memcpy(heap + i + 8, &i, sizeof i);
    }
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
