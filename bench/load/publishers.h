#ifndef PUBLISHERS_H
#define PUBLISHERS_H

#include <stdbool.h>
#include <stdint.h>

// Called when a publish has been answered, so that the next may go out; NULL if nobody cares.
extern void (*whenAnswered)(void);

// Connections that POST events, opened before they are needed.
void publishersOpen(int count, int64_t limitAt);
// Sends the next event over a connection that is free, opening one more up to `most`; false if all are busy.
bool publishNext(int most);

#endif
