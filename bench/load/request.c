#define _GNU_SOURCE
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "options.h"
#include "say.h"

static char *finished(char *text, int length) {
  if (length < 0) fail("There is no memory for a request.");
  return text;
}

static char *commonHeaders(void) {
  char *text;
  const char *own = options.headers ? options.headers : "";
  int length = options.ownHost ? asprintf(&text, "%s", own)
                               : asprintf(&text, "Host: 127.0.0.1:%d\r\n%s", options.port, own);
  return finished(text, length);
}

struct Request streamRequest(const char *lastEventId) {
  char *text;
  int length = asprintf(&text, "GET %s HTTP/1.1\r\n%sAccept: text/event-stream\r\n%s%s%s\r\n",
                        options.streamPath, commonHeaders(), lastEventId ? "Last-Event-ID: " : "",
                        lastEventId ? lastEventId : "", lastEventId ? "\r\n" : "");
  return (struct Request){finished(text, length), (size_t)length, 0};
}

struct Request publishRequest(void) {
  const char *place = strchr(options.body, '%');
  int before = (int)(place - options.body);
  int bodyLength = (int)strlen(options.body) - 1 + options.payload;
  char *filler = memory((size_t)options.payload + 1);
  memset(filler, 'x', (size_t)options.payload);
  char *text;
  int length = asprintf(&text, "POST %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%.*s%s%s",
                        options.publishPath, commonHeaders(), options.contentType, bodyLength, before,
                        options.body, filler, place + 1);
  finished(text, length);
  return (struct Request){text, (size_t)length, (size_t)(length - bodyLength + before)};
}

static void digits(char *to, int count, uint64_t value) {
  for (int i = count - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
}

void stamp(char *payload, uint64_t seq, int64_t at) {
  payload[0] = '#';
  digits(payload + 1, 10, seq);
  payload[11] = ' ';
  digits(payload + 12, 20, (uint64_t)at);
}
