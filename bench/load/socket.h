#ifndef SOCKET_H
#define SOCKET_H

#include <stdint.h>

#include "turn.h"

// Finds the server's address; call it once, before the first socket.
void socketsPrepare(void);
// Begins a connection that `watched` will hear of. It closes by a reset: no port stays in TIME_WAIT.
int socketOpen(struct Watched *watched);
// Says why a connection could not be made, if it could not.
void socketCheck(int fd);

#endif
