#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>
#include <stdint.h>

// "#" + seq as 10 digits + " " + nanoseconds as 20 digits.
#define MARKER_LENGTH 32

// A request as bytes; of a publish also where its payload begins.
struct Request {
  char *bytes;
  size_t length, payloadAt;
};

struct Request streamRequest(const char *lastEventId);
struct Request publishRequest(void);
void stamp(char *payload, uint64_t seq, int64_t at);

#endif
