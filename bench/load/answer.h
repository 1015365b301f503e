#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// An HTTP answer as it comes, in pieces that may be cut anywhere.
struct Answer {
  char *head; // Only until it is whole.
  uint32_t headLength;
  uint16_t status; // 0 until the head is whole.
  uint8_t place;   // Where in the body.
  bool closes, done, bad;
  uint16_t column;
  uint64_t left;
};

// Takes what belongs to the head and returns how much that was.
size_t answerHead(struct Answer *answer, const char *bytes, size_t length);

// The next piece of the body's own bytes, without chunk borders: its length, or 0 when none is left.
size_t answerBody(struct Answer *answer, const char **at, const char *end, const char **piece);

void answerClear(struct Answer *answer);

#endif
