#define _GNU_SOURCE
#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "options.h"
#include "say.h"

static struct sockaddr_in address;
static struct rlimit files;

void socketsPrepare(void) {
  struct addrinfo *found, wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  if (getaddrinfo(options.host, NULL, &wanted, &found)) fail("There is no host \"%s\".", options.host);
  memcpy(&address, found->ai_addr, sizeof address);
  freeaddrinfo(found);
  address.sin_port = htons((uint16_t)options.port);
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int socketOpen(struct Watched *watched) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && errno == EMFILE)
    fail("No more than %llu files may be open here, too few for so many streams: raise the "
         "hard limit (ulimit -Hn).",
         (unsigned long long)files.rlim_max);
  if (fd < 0) fail("A socket cannot be opened: %s.", strerror(errno));
  int on = 1;
  struct linger reset = {1, 0};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
    fail("%s:%d cannot be reached: %s.", options.host, options.port, strerror(errno));
  turnsWatch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP, watched);
  return fd;
}

void socketCheck(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) fail("%s:%d cannot be reached: %s.", options.host, options.port, strerror(error));
}
