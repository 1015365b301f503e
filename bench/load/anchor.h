#ifndef ANCHOR_H
#define ANCHOR_H

#include <stddef.h>
#include <stdint.h>

// The text of one stream, in which the id of an event is looked for.
void anchorTake(const char *bytes, size_t length);
// NULL until the block with this event is whole; "" when no id: line came before its end.
const char *anchorId(uint64_t seq);

#endif
