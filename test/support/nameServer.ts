import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Answers every question for an IPv4 address with those that it was told last, each time another one first, as Docker does for
 * the replicas of a service.
 */
export interface NameServer {
  readonly address: string;
  tell(...addresses: string[]): void;
  stop(): Promise<void>;
}

const NO_SUCH_NAME = 0x8183;
const ANSWER = 0x8180;
const HEADER_BYTES = 12;

export async function startNameServer(...first: string[]): Promise<NameServer> {
  let known = first;
  const socket = createSocket('udp4');
  socket.on('message', (question, { address, port }) => {
    const nameEnd = question.indexOf(0, HEADER_BYTES);
    const asked = question.subarray(HEADER_BYTES, nameEnd + 5); // name, type, class
    const header = Buffer.alloc(HEADER_BYTES);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(known.length === 0 ? NO_SUCH_NAME : ANSWER, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(known.length, 6);
    // The name as a pointer to the question; type A, class IN, valid for ten minutes as Docker says, four bytes.
    const records = known.map((ip) =>
      Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 2, 0x58, 0, 4, ...ip.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([header, asked, ...records]), port, address);
    known = [...known.slice(1), ...known.slice(0, 1)];
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    tell(...addresses) {
      known = addresses;
    },
    async stop() {
      socket.close();
      await once(socket, 'close');
    },
  };
}
