// The least that any server has to pay: one thread, one epoll, each event built once and written to every
// stream at once. It knows GET /stream and POST /publish, and nothing else.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536
#define BACKLOG_LIMIT (1 << 20)

struct Connection {
  int fd, place; // `place` in the list of streams, -1 while it is none.
  char *kept;    // A request that has come in part, or of a stream what its socket did not take.
  size_t keptLength;
};

static struct Connection **streams;
static int streamCount, streamRoom, epoll;
static unsigned long long events;
static char readRoom[ROOM * 2], eventRoom[ROOM + 128];

static void die(const char *what) {
  fprintf(stderr, "loop: %s: %s.\n", what, strerror(errno));
  exit(1);
}

static void watch(struct Connection *connection, int action, uint32_t what) {
  struct epoll_event event = {.events = what | EPOLLRDHUP, .data.ptr = connection};
  if (epoll_ctl(epoll, action, connection->fd, &event)) die("epoll does not take a socket");
}

static void keep(struct Connection *connection, const char *bytes, size_t length) {
  connection->kept = realloc(connection->kept, connection->keptLength + length);
  if (!connection->kept) die("there is no memory");
  memcpy(connection->kept + connection->keptLength, bytes, length);
  connection->keptLength += length;
}

static void release(struct Connection *connection) {
  free(connection->kept);
  connection->kept = NULL;
  connection->keptLength = 0;
}

static void leaveStreams(struct Connection *connection) {
  if (connection->place < 0) return;
  streams[connection->place] = streams[--streamCount];
  streams[connection->place]->place = connection->place;
  connection->place = -1;
}

static void end(struct Connection *connection) {
  leaveStreams(connection);
  release(connection);
  close(connection->fd);
  free(connection);
}

// What the socket does not take waits; a reader that is a megabyte behind is cut off.
static void deliver(struct Connection *stream, const char *bytes, size_t length) {
  size_t sent = 0;
  if (!stream->keptLength) {
    ssize_t taken = send(stream->fd, bytes, length, MSG_NOSIGNAL);
    if (taken == (ssize_t)length) return;
    // A connection that is gone says so to epoll as well, and is ended there.
    if (taken < 0 && errno != EAGAIN) return;
    if (taken > 0) sent = (size_t)taken;
    watch(stream, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  } else if (stream->keptLength > BACKLOG_LIMIT) {
    shutdown(stream->fd, SHUT_RDWR);
    return;
  }
  keep(stream, bytes + sent, length - sent);
}

static void deliverKept(struct Connection *stream) {
  ssize_t sent = send(stream->fd, stream->kept, stream->keptLength, MSG_NOSIGNAL);
  if (sent <= 0) return;
  stream->keptLength -= (size_t)sent;
  memmove(stream->kept, stream->kept + sent, stream->keptLength);
  if (stream->keptLength) return;
  release(stream);
  watch(stream, EPOLL_CTL_MOD, EPOLLIN);
}

static void answer(struct Connection *connection, const char *text) {
  send(connection->fd, text, strlen(text), MSG_NOSIGNAL);
}

static void openStream(struct Connection *connection) {
  int on = 1;
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (streamCount == streamRoom) {
    streamRoom = streamRoom ? streamRoom * 2 : 1024;
    streams = realloc(streams, (size_t)streamRoom * sizeof *streams);
    if (!streams) die("there is no memory");
  }
  connection->place = streamCount;
  streams[streamCount++] = connection;
  answer(connection, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n");
}

static void publish(struct Connection *connection, const char *body, size_t length) {
  char id[32];
  int idLength = snprintf(id, sizeof id, "id: %llu\n", ++events);
  int size = snprintf(eventRoom, sizeof eventRoom, "%zx\r\n%sdata: %.*s\n\n\r\n",
                      (size_t)idLength + length + 8, id, (int)length, body);
  for (int i = 0; i < streamCount; i++) deliver(streams[i], eventRoom, (size_t)size);
  answer(connection, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
}

// Serves the first request of these bytes: its length, 0 while it is not whole.
static size_t serve(struct Connection *connection, char *bytes, size_t length) {
  char *headEnd = memmem(bytes, length, "\r\n\r\n", 4);
  if (!headEnd) return 0;
  *headEnd = 0;
  const char *said = strcasestr(bytes, "\r\ncontent-length:");
  size_t bodyLength = said ? strtoul(said + 17, NULL, 10) : 0, headLength = (size_t)(headEnd + 4 - bytes);
  *headEnd = '\r';
  if (bodyLength > ROOM - 64) {
    answer(connection, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    shutdown(connection->fd, SHUT_RDWR);
    return length;
  }
  if (length < headLength + bodyLength) return 0;
  if (!strncmp(bytes, "POST /publish", 13)) publish(connection, headEnd + 4, bodyLength);
  else if (!strncmp(bytes, "GET /stream", 11)) openStream(connection);
  else answer(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  return headLength + bodyLength;
}

static void readFrom(struct Connection *connection) {
  size_t before = connection->place < 0 ? connection->keptLength : 0;
  ssize_t got = recv(connection->fd, readRoom + before, ROOM, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    end(connection);
    return;
  }
  if (connection->place >= 0) return; // A stream has nothing more to say.
  if (before) memcpy(readRoom, connection->kept, before);
  release(connection);
  size_t length = before + (size_t)got, used = 0;
  while (used < length && connection->place < 0) {
    size_t one = serve(connection, readRoom + used, length - used);
    if (!one) break;
    used += one;
  }
  if (connection->place >= 0 || used == length) return;
  if (length - used > ROOM) end(connection);
  else keep(connection, readRoom + used, length - used);
}

static void takeIn(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    struct Connection *connection = calloc(1, sizeof *connection);
    if (!connection) die("there is no memory");
    connection->fd = fd;
    connection->place = -1;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
  if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) die("a connection cannot be taken");
}

int main(int count, char **words) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(count == 2 ? (uint16_t)atoi(words[1]) : 0);
  if (!address.sin_port) {
    fprintf(stderr, "The port is not given: loop PORT.\n");
    return 1;
  }
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
    die("cannot listen");
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ready[512] = {{.events = EPOLLIN, .data.ptr = NULL}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, ready);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int some = epoll_wait(epoll, ready, 512, -1);
    for (int i = 0; i < some; i++) {
      struct Connection *connection = ready[i].data.ptr;
      if (!connection) {
        takeIn(listener);
        continue;
      }
      bool waits = connection->place >= 0 && connection->keptLength;
      if (waits && ready[i].events & EPOLLOUT) deliverKept(connection);
      if (ready[i].events & ~(uint32_t)EPOLLOUT) readFrom(connection);
    }
  }
}
