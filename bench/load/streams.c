#define _GNU_SOURCE
#include "streams.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "anchor.h"
#include "answer.h"
#include "clock.h"
#include "heard.h"
#include "marker.h"
#include "options.h"
#include "request.h"
#include "say.h"
#include "socket.h"

#define TAIL 40

struct Stream {
  struct Watched watched;
  int fd;
  bool asked, anchors;
  uint8_t tailLength;
  struct Heard heard;
  struct Marker marker;
  struct Answer answer;
  uint64_t received;
  char tail[TAIL]; // The last bytes that came, for the sentence about a stream that ends.
};

struct Streams streams;

static struct Stream *all;
static struct Request request;

static void keepTail(struct Stream *stream, const char *bytes, size_t length) {
  stream->received += length;
  if (length >= TAIL) {
    memcpy(stream->tail, bytes + length - TAIL, TAIL);
    stream->tailLength = TAIL;
    return;
  }
  size_t kept = stream->tailLength + length > TAIL ? TAIL - length : stream->tailLength;
  memmove(stream->tail, stream->tail + stream->tailLength - kept, kept);
  memcpy(stream->tail + kept, bytes, length);
  stream->tailLength = (uint8_t)(kept + length);
}

_Noreturn static void ended(const struct Stream *stream, const char *how) {
  fail("A stream %s after %llu bytes; the last that came were %s.", how, (unsigned long long)stream->received,
       quoted(stream->tail, stream->tailLength));
}

static void take(struct Stream *stream, const char *bytes, size_t length, int64_t at) {
  const char *from = bytes, *end = bytes + length, *piece;
  struct Answer *answer = &stream->answer;
  keepTail(stream, bytes, length);
  if (!answer->status) {
    from += answerHead(answer, bytes, length);
    if (answer->bad || (answer->status && answer->status != 200))
      fail("A stream was answered with %s instead of status 200.", quoted(bytes, length));
    if (!answer->status) return;
    streams.open++;
  }
  for (size_t size; (size = answerBody(answer, &from, end, &piece));) {
    if (stream->anchors) anchorTake(piece, size);
    for (const char *next = piece; (next = markerFind(&stream->marker, next, piece + size));) {
      histogramAdd(&streams.latency, at - stream->marker.sentAt);
      hear(&stream->heard, stream->marker.seq);
    }
  }
  if (answer->bad) ended(stream, "has chunks that are none,");
  if (answer->done) ended(stream, "ended");
}

static int64_t ready(struct Watched *self, uint32_t events) {
  struct Stream *stream = (struct Stream *)self;
  if (stream->fd < 0) return nowNs();
  if (!stream->asked) {
    if (events & (EPOLLERR | EPOLLHUP)) socketCheck(stream->fd);
    if (!(events & EPOLLOUT)) return nowNs();
    if (send(stream->fd, request.bytes, request.length, MSG_NOSIGNAL) != (ssize_t)request.length)
      fail("A stream could not be asked for: %s.", strerror(errno));
    stream->asked = true;
    return nowNs();
  }
  for (;;) {
    ssize_t got = recv(stream->fd, readRoom, READ_ROOM, 0);
    int64_t now = nowNs();
    if (got < 0 && errno == EAGAIN) return now;
    if (got < 0 && errno != EINTR) ended(stream, errno == ECONNRESET ? "was reset" : strerror(errno));
    if (!got) ended(stream, "ended");
    if (got > 0) {
      streams.heardAt = now;
      take(stream, readRoom, (size_t)got, now);
    }
    // A short read has emptied the socket; only after a hang-up there is an end still to be read.
    if (got > 0 && got < READ_ROOM && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) return now;
  }
}

static void begin(struct Stream *stream, uint64_t after) {
  stream->watched.ready = ready;
  heardBegin(&stream->heard, after);
  stream->fd = socketOpen(&stream->watched);
}

void streamsOpen(int wanted, int atOnce, const char *lastEventId, uint64_t after, int64_t limitAt) {
  request = streamRequest(lastEventId);
  all = memory((size_t)wanted * sizeof *all + 1);
  while (streams.open < wanted) {
    while (streams.begun < wanted && streams.begun - streams.open < atOnce)
      begin(&all[streams.begun++], after);
    turn(limitAt);
    if (nowNs() >= limitAt)
      fail("Only %d of %d streams were answered within %g s (--limit).", streams.open, wanted, options.limit);
  }
}

const char *streamsAnchor(void (*publish)(void), int64_t limitAt) {
  static struct Stream stream;
  request = streamRequest(NULL);
  stream.anchors = true;
  begin(&stream, tally.published);
  const char *id = NULL;
  for (bool published = false; !id; id = anchorId(tally.published)) {
    if (streams.open && !published) published = true, publish();
    turn(limitAt);
    if (nowNs() >= limitAt)
      fail("The stream that was to say the first event's id: has not heard it within %g s (--limit).",
           options.limit);
  }
  close(stream.fd);
  stream.fd = -1;
  streams.open = 0;
  heardEnd(&stream.heard);
  if (!*id) fail("The first event came without any id: line, so that nobody can take up from there.");
  return id;
}

const char *streamsLacking(void) {
  static char text[120];
  for (int i = 0; i < streams.open; i++) {
    const struct Heard *heard = &all[i].heard;
    int gap = heard->window == ~0ULL ? 0 : __builtin_ctzll(~heard->window);
    uint64_t lacks = heard->last < tally.published ? heard->last + 1 : gap ? heard->last - (uint64_t)gap : 0;
    if (!lacks) continue;
    snprintf(text, sizeof text, ", for example stream %d of %d lacks event %llu of %llu", i + 1, streams.open,
             (unsigned long long)lacks, (unsigned long long)tally.published);
    return text;
  }
  return "";
}
