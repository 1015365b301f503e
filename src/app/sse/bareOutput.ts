import type { Socket } from 'node:net';
import { type Frame, LAST_CHUNK } from './frame.ts';
import type { Output } from './output.ts';

/** What Node's own net.Socket writes to. Not part of Node's documented API. */
interface Handle {
  /** Answers an error's number, or 0. */
  writeBuffer(request: WriteRequest, buffer: Buffer): number;
  writev(request: WriteRequest, buffers: readonly Buffer[], areBuffers: true): number;
  readonly writeQueueSize: number;
  readonly bytesWritten: number;
}

/** One write that the system could not take at once. Node gives it back when it has. */
interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
  output?: BareOutput;
  /** Held until it is written. */
  held?: Buffer | readonly Buffer[];
}

interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest;
  /** What the last write has left to say, and where in it stands whether the system has not taken it at once. */
  readonly streamBaseState: Readonly<Record<number, number>>;
  readonly kLastWriteWasAsync: number;
}

const wrap = streamWrap();
const state: Readonly<Record<number, number>> = wrap?.streamBaseState ?? [];
const LATE = wrap?.kLastWriteWasAsync ?? 0;
/** Serves one write after the other, as long as the system takes them at once. */
let request: WriteRequest | undefined;

/**
 * A detached socket, written to past Node's streams. For each of ten thousand small writes these would look after a state of
 * their own, and make three objects; nobody needs any of it as long as the system takes what it is given. When it doesn't,
 * libuv keeps its rest, and what comes meanwhile waits here to follow as one write.
 */
export class BareOutput implements Output {
  readonly #handle: Handle;
  /** Whether the system has not taken the last write whole. */
  #isLate = false;
  /** What came since then. It leaves as one write: a request for each would take ten times the memory of a small frame. */
  #behind: Buffer[] | undefined;
  #behindBytes = 0;
  #isEnded = false;
  readonly #socket: Socket;
  #waiting: (() => void)[] | undefined;

  /** Answers undefined where this Node works otherwise, or the socket has not written all that it was given. */
  static on(socket: Socket): BareOutput | undefined {
    const { _handle: handle } = socket as Socket & { _handle?: Partial<Handle> | null };
    const isKnown =
      typeof wrap?.WriteWrap === 'function' &&
      typeof wrap.streamBaseState?.[wrap.kLastWriteWasAsync] === 'number' &&
      typeof handle?.writeBuffer === 'function' &&
      typeof handle.writev === 'function' &&
      typeof handle.writeQueueSize === 'number' &&
      typeof handle.bytesWritten === 'number';
    if (!isKnown || socket.writableLength > 0) return undefined;
    return new BareOutput(socket, handle as Handle);
  }

  private constructor(socket: Socket, handle: Handle) {
    this.#socket = socket;
    this.#handle = handle;
  }

  write(frame: Frame): void {
    this.#send(frame.chunk);
  }

  get unsent(): number {
    return this.#isLate ? this.#handle.writeQueueSize + this.#behindBytes : 0;
  }

  get sent(): number {
    return this.#handle.bytesWritten - this.#handle.writeQueueSize;
  }

  drained(): Promise<void> {
    if (!this.#isLate) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting ??= [];
      this.#waiting.push(done);
    });
  }

  end(): void {
    this.#send(LAST_CHUNK);
    this.#isEnded = true;
    if (this.#behind === undefined) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The system has taken a write that it had not taken at once, or never will. */
  completed(status: number): void {
    this.#isLate = false;
    if (status < 0) this.#socket.destroy();
    else this.#sendBehind();
    if (this.#isLate || this.#waiting === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const done of waiting) done();
  }

  #send(buffer: Buffer): void {
    if (this.#isLate) {
      this.#behind ??= [];
      this.#behind.push(buffer);
      this.#behindBytes += buffer.length;
      return;
    }
    request ??= newRequest();
    const error = this.#handle.writeBuffer(request, buffer);
    if (error === 0 && state[LATE] === 0) return;
    this.#leave(request, buffer, error);
  }

  #sendBehind(): void {
    const behind = this.#behind;
    if (behind === undefined) return;
    this.#behind = undefined;
    this.#behindBytes = 0;
    request ??= newRequest();
    const error = this.#handle.writev(request, behind, true);
    if (error !== 0 || state[LATE] !== 0) this.#leave(request, behind, error);
    if (this.#isEnded) this.#socket.destroySoon();
  }

  #leave(late: WriteRequest, held: Buffer | readonly Buffer[], error: number): void {
    request = undefined;
    if (error !== 0) {
      this.#socket.destroy();
      return;
    }
    this.#isLate = true;
    late.held = held;
    late.output = this;
    late.oncomplete = completed;
  }
}

/** Only after `on` has found it there. */
function newRequest(): WriteRequest {
  return new (wrap as StreamWrap).WriteWrap();
}

function completed(this: WriteRequest, status: number): void {
  this.output?.completed(status);
}

/** Where Node keeps it; undefined where it does not, or must not be asked. */
function streamWrap(): StreamWrap | undefined {
  try {
    return (process as unknown as { binding(name: string): StreamWrap }).binding('stream_wrap');
  } catch {
    return undefined;
  }
}
