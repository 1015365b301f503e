import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';

/** What Node's own HTTP server does with a parser that it is done with, as at an upgrade. Not part of Node's documented API. */
type FreeParser = (parser: object, request: object | null, socket: object | null) => void;

/** A socket with what Node's HTTP server keeps at it. */
type Served = Socket & { parser?: object | null; _httpMessage?: ServerResponse | null };

const common = getBuiltinModule?.('_http_common' as 'node:http') as unknown as { freeParser?: FreeParser };

/** What the HTTP server listens to on a socket, to hand it to the parser, and to mind the response. */
const SERVED = ['data', 'end', 'close', 'drain', 'timeout', 'error', 'pause', 'resume'] as const;

/**
 * Takes a response's socket away from the HTTP server once the head is out, as an upgrade does. Request, response, parser and
 * all that hangs on them are garbage then: an idle stream takes a third of the memory. From here on nobody but the caller knows
 * of the socket, and what the reader may still send is dropped.
 *
 * Answers undefined, and changes nothing, where this Node works otherwise, or the head has not left whole.
 */
export function detach(response: ServerResponse): Socket | undefined {
  const socket = response.socket as Served | null;
  const parser = socket?.parser;
  if (
    !socket ||
    !parser ||
    socket._httpMessage !== response ||
    response.writableLength > socket.writableLength
  )
    return undefined;
  if (typeof common?.freeParser !== 'function' || typeof response.detachSocket !== 'function')
    return undefined;
  for (const event of SERVED) socket.removeAllListeners(event);
  response.detachSocket(socket);
  common.freeParser(parser, response.req, socket);
  // Without anybody who listens to it an error would end the process.
  socket.on('error', ignore);
  // Whoever says that he will send no more is done, as with any other answer of Node's.
  socket.on('end', endToo);
  socket.resume();
  // The parser may have stopped the reading in the middle of a body, unknown to the stream: it would never know that he left.
  socket._read(0);
  return socket;
}

function endToo(this: Socket): void {
  this.end();
}

function ignore(): void {}
