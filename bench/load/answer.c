#define _GNU_SOURCE
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

#define LONGEST_HEAD 16384

// Up to DATA the body's own bytes follow, after it the borders of chunks.
enum { UNTIL_END, BY_LENGTH, DATA, SIZE, EXTENSION, SIZE_END, DATA_RETURN, DATA_END, TRAILER };

static const char *header(const char *head, const char *name) {
  size_t length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, length) || line[length] != ':') continue;
    const char *value = line + length + 1;
    return value + strspn(value, " ");
  }
  return NULL;
}

static bool says(const char *value, const char *word) {
  if (!value) return false;
  size_t line = strcspn(value, "\r"), length = strlen(word);
  for (size_t i = 0; i + length <= line; i++)
    if (!strncasecmp(value + i, word, length)) return true;
  return false;
}

static void understand(struct Answer *answer) {
  const char *head = answer->head;
  if (strncmp(head, "HTTP/1.", 7) || strlen(head) < 12 || atoi(head + 9) < 100) {
    answer->bad = true;
    return;
  }
  answer->status = (uint16_t)atoi(head + 9);
  answer->closes = says(header(head, "connection"), "close");
  const char *length = header(head, "content-length");
  if (answer->status == 204 || answer->status == 304) answer->done = true;
  else if (says(header(head, "transfer-encoding"), "chunked")) answer->place = SIZE;
  else if (length) {
    answer->place = BY_LENGTH;
    answer->left = strtoull(length, NULL, 10);
    answer->done = !answer->left;
  } else answer->place = UNTIL_END;
}

size_t answerHead(struct Answer *answer, const char *bytes, size_t length) {
  uint32_t before = answer->headLength;
  size_t most = LONGEST_HEAD - before < length ? LONGEST_HEAD - before : length;
  answer->head = realloc(answer->head, before + most + 1);
  if (!answer->head) fail("There is no memory for the head of an answer.");
  memcpy(answer->head + before, bytes, most);
  answer->head[before + most] = 0;
  answer->headLength = before + (uint32_t)most;
  char *end = memmem(answer->head, answer->headLength, "\r\n\r\n", 4);
  if (!end) {
    answer->bad = answer->headLength == LONGEST_HEAD;
    return most;
  }
  end[2] = 0;
  understand(answer);
  size_t used = (size_t)(end + 4 - answer->head) - before;
  free(answer->head);
  answer->head = NULL;
  return used;
}

static int hex(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// One byte of a chunk's borders.
static void border(struct Answer *answer, char byte) {
  switch (answer->place) {
    case SIZE:
      if (hex(byte) >= 0 && answer->column < 15) {
        answer->left = answer->left * 16 + (uint64_t)hex(byte);
        answer->column++;
      } else if (!answer->column) answer->bad = true;
      else if (byte == '\r') answer->place = SIZE_END;
      else if (byte == ';' || byte == ' ') answer->place = EXTENSION;
      else answer->bad = true;
      break;
    case EXTENSION:
      if (byte == '\r') answer->place = SIZE_END;
      break;
    case SIZE_END:
      answer->column = 0;
      answer->place = answer->left ? DATA : TRAILER;
      answer->bad = byte != '\n';
      break;
    case DATA_RETURN:
      answer->place = DATA_END;
      answer->bad = byte != '\r';
      break;
    case DATA_END:
      answer->place = SIZE;
      answer->bad = byte != '\n';
      break;
    case TRAILER: // Lines until an empty one.
      if (byte == '\n' && !answer->column) answer->done = true;
      else if (byte == '\n') answer->column = 0;
      else if (byte != '\r') answer->column = 1;
  }
}

size_t answerBody(struct Answer *answer, const char **at, const char *end, const char **piece) {
  while (*at < end && !answer->bad) {
    if (answer->done) {
      answer->bad = true;
      break;
    }
    if (answer->place > DATA) {
      border(answer, *(*at)++);
      continue;
    }
    size_t length = (size_t)(end - *at);
    if (answer->place != UNTIL_END && length > answer->left) length = answer->left;
    *piece = *at;
    *at += length;
    if (answer->place != UNTIL_END) answer->left -= length;
    if (answer->place == DATA && !answer->left) answer->place = DATA_RETURN;
    if (answer->place == BY_LENGTH && !answer->left) answer->done = true;
    return length;
  }
  return 0;
}

void answerClear(struct Answer *answer) {
  free(answer->head);
  memset(answer, 0, sizeof *answer);
}
