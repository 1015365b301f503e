#define _GNU_SOURCE
#include "publishers.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "heard.h"
#include "options.h"
#include "request.h"
#include "say.h"
#include "socket.h"
#include "streams.h"

#define MOST 1024
#define KEPT 200
#define WINDOW 64 // How far a stream's memory of what it heard goes back.

struct Publisher {
  struct Watched watched;
  int fd; // -1 while the server has closed it.
  bool connected;
  uint64_t seq; // Of the event that is on the way, 0 if none is.
  size_t sent;
  struct Request request;
  struct Answer answer;
  char kept[KEPT]; // The answer's first bytes, for a sentence.
  size_t keptLength;
};

void (*whenAnswered)(void);

static struct Publisher *publishers[MOST];
static int count;

static void sendRest(struct Publisher *publisher) {
  if (!publisher->sent)
    stamp(publisher->request.bytes + publisher->request.payloadAt, publisher->seq, nowNs());
  while (publisher->sent < publisher->request.length) {
    ssize_t sent = send(publisher->fd, publisher->request.bytes + publisher->sent,
                        publisher->request.length - publisher->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0)
      fail("Event %llu could not be sent: %s.", (unsigned long long)publisher->seq, strerror(errno));
    publisher->sent += (size_t)sent;
  }
}

static void shut(struct Publisher *publisher) {
  close(publisher->fd);
  publisher->fd = -1;
  publisher->connected = false;
}

static void hungUp(struct Publisher *publisher, const char *how) {
  if (publisher->seq)
    fail("The server %s the connection instead of answering event %llu; of its answer there was %s.", how,
         (unsigned long long)publisher->seq, quoted(publisher->kept, publisher->keptLength));
  shut(publisher);
}

static void answered(struct Publisher *publisher) {
  bool closes = publisher->answer.closes;
  if (publisher->answer.status < 200 || publisher->answer.status > 299)
    fail("Event %llu was answered with %s.", (unsigned long long)publisher->seq,
         quoted(publisher->kept, publisher->keptLength));
  answerClear(&publisher->answer);
  publisher->seq = 0;
  publisher->keptLength = 0;
  tally.answered++;
  if (closes) shut(publisher);
  if (whenAnswered) whenAnswered();
}

static void take(struct Publisher *publisher, const char *bytes, size_t length) {
  const char *from = bytes, *end = bytes + length, *piece;
  struct Answer *answer = &publisher->answer;
  size_t kept = KEPT - publisher->keptLength < length ? KEPT - publisher->keptLength : length;
  memcpy(publisher->kept + publisher->keptLength, bytes, kept);
  publisher->keptLength += kept;
  if (!publisher->seq) fail("The server answered what was not asked: %s.", quoted(bytes, length));
  if (!answer->status) from += answerHead(answer, bytes, length);
  if (answer->status)
    while (answerBody(answer, &from, end, &piece)) continue;
  if (answer->bad)
    fail("Event %llu was answered with what is not HTTP: %s.", (unsigned long long)publisher->seq,
         quoted(publisher->kept, publisher->keptLength));
  if (answer->done) answered(publisher);
}

static int64_t ready(struct Watched *self, uint32_t events) {
  struct Publisher *publisher = (struct Publisher *)self;
  if (publisher->fd < 0) return nowNs();
  if (!publisher->connected) {
    if (events & (EPOLLERR | EPOLLHUP)) socketCheck(publisher->fd);
    if (!(events & EPOLLOUT)) return nowNs();
    publisher->connected = true;
  }
  if (publisher->seq) sendRest(publisher);
  while (publisher->fd >= 0) {
    ssize_t got = recv(publisher->fd, readRoom, READ_ROOM, 0);
    if (got > 0) take(publisher, readRoom, (size_t)got);
    else if (!got) hungUp(publisher, "closed");
    else if (errno == EAGAIN) break;
    else if (errno != EINTR) hungUp(publisher, "broke");
  }
  return nowNs();
}

static void opened(struct Publisher *publisher) {
  publisher->fd = socketOpen(&publisher->watched);
}

static struct Publisher *addPublisher(void) {
  struct Publisher *publisher = memory(sizeof *publisher);
  publisher->watched.ready = ready;
  publisher->request = publishRequest();
  publishers[count++] = publisher;
  opened(publisher);
  return publisher;
}

static int connectedOf(int wanted) {
  int sum = 0;
  for (int i = 0; i < wanted; i++) sum += publishers[i]->connected;
  return sum;
}

void publishersOpen(int wanted, int64_t limitAt) {
  for (int i = 0; i < count && i < wanted; i++)
    if (publishers[i]->fd < 0) opened(publishers[i]);
  while (count < wanted) addPublisher();
  while (connectedOf(wanted) < wanted) {
    turn(limitAt);
    if (nowNs() >= limitAt)
      fail("The server takes no connection for publishing within %g s (--limit).", options.limit);
  }
}

bool publishNext(int most) {
  struct Publisher *chosen = NULL;
  uint64_t oldest = 0;
  for (int i = 0; i < count; i++) {
    struct Publisher *publisher = publishers[i];
    if (publisher->seq && (!oldest || publisher->seq < oldest)) oldest = publisher->seq;
    if (publisher->seq || i >= most) continue;
    // One that is connected goes before one that the server has closed meanwhile.
    if (!chosen || (publisher->connected && !chosen->connected)) chosen = publisher;
  }
  if (streams.open && oldest && tally.published - oldest >= WINDOW - 1) return false;
  if (!chosen && count < most) chosen = addPublisher();
  if (!chosen) return false;
  if (chosen->fd < 0) opened(chosen);
  chosen->seq = tallyPublish(oldest);
  chosen->sent = 0;
  if (chosen->connected) sendRest(chosen);
  return true;
}
