import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../lib/log.ts';

const LOOK_MS = 2_000;
const ID_BYTES = 3;
/** What every system takes, less the ending that each app gives its own. */
const LONGEST = 103 - ID_BYTES * 2 - 1;

/**
 * A way to the app for a proxy on the same machine: over a unix socket a delivery costs both of them less than over TCP.
 *
 * Each app listens at a socket of its own, PATH.id, and PATH is a link to the only one. While there are several there is no PATH:
 * the proxy goes by their ports, so that each gets its share. Who is there is told by connecting to what stands in the folder; one
 * that was killed leaves a file at which nobody listens, and who looks next takes it away.
 */
export class NearSocket {
  readonly #path: string;
  readonly #own: string;
  readonly #http: HttpServer;
  readonly #log: Log;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = Promise.resolve();

  /** `http` answers what comes by this way too. */
  constructor(path: string, http: HttpServer, log: Log) {
    this.#path = path;
    this.#own = `${basename(path)}.${randomBytes(ID_BYTES).toString('hex')}`;
    this.#http = http;
    this.#log = log;
  }

  /** Where it cannot listen it says so, and the port has to be enough. */
  async start(): Promise<void> {
    try {
      await this.#listen();
      await this.#look();
      this.#timer = setInterval(() => this.#lookAgain(), LOOK_MS);
    } catch (error) {
      const why = reasonOf(error as NodeJS.ErrnoException);
      this.#log.warn(
        {},
        `SOCKET ${this.#path} cannot be used: ${why}. The app is reached by its port alone.`,
      );
      await this.stop();
    }
  }

  /** Takes no more. What is under way ends with the server that answers it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await rm(this.#at(this.#own), { force: true }).catch(ignore);
    // With it gone this says that nobody is here any more, or that another one is alone from now on.
    this.#lookAgain();
    await this.#looking;
    this.#server?.close();
    this.#server = undefined;
  }

  /** Known by its name only when it listens: before, another app would take it for one that was left behind. */
  async #listen(): Promise<void> {
    if (Buffer.byteLength(this.#path) > LONGEST) throw new Error(`it has more than ${LONGEST} bytes`);
    // Below, a folder that is missing would be a missing right.
    await readdir(dirname(this.#path));
    const before = this.#at(`${this.#own}~`.replace(/\.(\w+)~$/, '~$1'));
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#http.emit('connection', socket));
    this.#server.listen({ path: before, backlog: 4_096 });
    await once(this.#server, 'listening');
    // For the user and for the group that the folder hands on (its mode is 2750). That it may be run as well means nothing, but by
    // that alone nginx sees that a socket is there.
    await chmod(before, 0o770);
    await rename(before, this.#at(this.#own));
  }

  #lookAgain(): void {
    this.#looking = this.#looking.then(() => this.#look()).catch(ignore);
  }

  async #look(): Promise<void> {
    const only = await this.#only();
    const link = await this.#link();
    if (only !== undefined && only === link) return;
    if (link !== undefined) await rm(this.#path, { force: true });
    if (only === undefined) return;
    // What stands there still leads to no app: it is somebody else's, and stays, and this fails.
    try {
      await symlink(only, this.#path);
    } catch (error) {
      // Another app that looked in this moment has made it.
      if ((await this.#link()) === undefined) throw error;
    }
  }

  /** The name of the only app; undefined when there are several, or none. */
  async #only(): Promise<string | undefined> {
    const names = await readdir(dirname(this.#path));
    const apps = names.filter((name) => name.startsWith(`${basename(this.#path)}.`));
    const live = await Promise.all(apps.map((name) => name === this.#own || this.#lives(name)));
    const [only, ...more] = apps.filter((_, i) => live[i]);
    return more.length === 0 ? only : undefined;
  }

  /** One that stands still lives too: the kernel takes connections for it. */
  async #lives(name: string): Promise<boolean> {
    const socket = connect(this.#at(name));
    try {
      await once(socket, 'connect');
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ECONNREFUSED') await rm(this.#at(name), { force: true });
      return code !== 'ECONNREFUSED' && code !== 'ENOENT';
    } finally {
      socket.destroy();
    }
  }

  /** To which app PATH leads. */
  async #link(): Promise<string | undefined> {
    const target = await readlink(this.#path).catch(() => '');
    return target.startsWith(`${basename(this.#path)}.`) ? target : undefined;
  }

  #at(name: string): string {
    return join(dirname(this.#path), name);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such folder';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'this user may not write to its folder';
    case 'EEXIST':
      return 'something else stands there';
    default:
      return message;
  }
}

function ignore(): void {}
