#!/usr/bin/env node
import { type Command, Mistakes, readCall } from './cli/flags.ts';
import { commandHelp, generalHelp } from './cli/help.ts';
import { version } from './cli/version.ts';

/** Each is loaded when it is called for: the sidecar of a small Pi has no memory for what the app alone needs. */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ['start', async () => (await import('./cli/start.ts')).start],
  ['serve', async () => (await import('./cli/serve.ts')).serve],
  ['sidecar', async () => (await import('./cli/sidecar.ts')).sidecar],
  ['publish', async () => (await import('./cli/publish.ts')).publish],
  ['tail', async () => (await import('./cli/tail.ts')).tail],
  ['doctor', async () => (await import('./cli/doctor.ts')).doctor],
]);

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === '--version' || name === '-v') return say(version());
  if (name === undefined || name === '-h' || name === '--help' || name === 'help')
    return say(generalHelp(await Promise.all([...COMMANDS.values()].map((load) => load()))));
  const command = await COMMANDS.get(name)?.();
  if (!command) throw new Mistakes([`There is no command "${name}". "pinstream -h" lists them.`], 64);
  if (args.includes('-h') || args.includes('--help')) return say(commandHelp(command));
  await command.run(readCall(command, args));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One sentence for what a person can mend; the stack only of what the system says and nobody thought of. */
function sentenceOf(error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: stop what listens there, or choose another one with --port.`;
  if (code === 'EACCES')
    return `Port ${port} may not be used by this user: choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'This machine does not have that address: choose another one with --host.';
  if (code === undefined) return message;
  return String((error as Error).stack);
}

// Whoever read the output has gone, as `head` does: there is nobody left to tell. The status is that of a SIGPIPE.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 141 : 1));

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exit(error instanceof Mistakes ? error.exitCode : 1);
});
