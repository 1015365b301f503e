import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BareOutput } from '../../src/app/sse/bareOutput.ts';
import { type Frame, frame } from '../../src/app/sse/frame.ts';

/** Both ends of a connection; the reader reads nothing yet. */
async function ends(t: TestContext): Promise<{ socket: Socket; output: BareOutput; reader: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  socket.on('error', () => {}).resume();
  reader.on('error', () => {});
  t.after(() => {
    socket.destroy();
    reader.destroy();
  });
  return { socket, output: BareOutput.on(socket) ?? assert.fail('this Node has another way'), reader };
}

function numbered(i: number): Frame {
  return frame(`data: ${i}${'x'.repeat(50_000)}\n\n`);
}

/** Writes until more waits than the system takes; answers all that was written. */
function fill(output: BareOutput): Buffer {
  const written: Buffer[] = [];
  for (let i = 0; output.unsent < 1_000_000; i++) {
    output.write(numbered(i));
    written.push(numbered(i).chunk);
  }
  return Buffer.concat(written);
}

test('what the system does not take at once comes whole and in order, with what others are written meanwhile', async (t) => {
  const one = await ends(t);
  const other = await ends(t);
  const all = fill(one.output);
  const small = frame('data: small\n\n');
  for (let i = 0; i < 100; i++) other.output.write(small);
  one.output.write(small);
  assert.equal(other.output.unsent, 0);
  assert.equal(one.output.sent + one.output.unsent, all.length + small.chunk.length);
  let isDrained = false;
  const drained = one.output.drained().then(() => {
    isDrained = true;
  });
  await turn();
  const heard: Buffer[] = [];
  one.reader.on('data', (part) => heard.push(part));
  assert.equal(isDrained, false);
  await drained;
  assert.equal(one.output.unsent, 0);
  one.output.end();
  await once(one.reader, 'end');
  const whole = Buffer.concat([all, small.chunk, Buffer.from('0\r\n\r\n')]);
  assert.ok(Buffer.concat(heard).equals(whole), 'every byte, once, in order');
  const otherHeard: Buffer[] = [];
  other.reader.on('data', (part) => otherHeard.push(part));
  other.output.end();
  await once(other.reader, 'end');
  assert.equal(Buffer.concat(otherHeard).toString(), `${small.chunk.toString().repeat(100)}0\r\n\r\n`);
});

test('the end is said after all that waits', async (t) => {
  const { output, reader } = await ends(t);
  const all = fill(output);
  output.end();
  let bytes = 0;
  reader.on('data', (part) => {
    bytes += part.length;
  });
  await once(reader, 'end');
  assert.equal(bytes, all.length + '0\r\n\r\n'.length);
});

test('who waits for a reader that leaves, or is cut off, waits no longer', async (t) => {
  for (const leave of [
    ({ reader }: { reader: Socket }) => reader.resetAndDestroy(),
    ({ output }: { output: BareOutput }) => output.destroy(),
  ]) {
    const both = await ends(t);
    fill(both.output);
    const drained = both.output.drained();
    const closed = new Promise((done) => both.socket.once('close', done));
    leave(both);
    await drained;
    await closed;
    both.output.write(numbered(0)); // nothing happens
    both.output.end();
  }
});

test('what was given to the socket before is not overtaken', async (t) => {
  const { socket } = await ends(t);
  while (socket.writableLength === 0) socket.write(Buffer.alloc(1_000_000));
  assert.equal(BareOutput.on(socket), undefined);
});
