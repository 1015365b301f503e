import type { ChildProcess } from 'node:child_process';

/** How each process that a test has started, and that still runs, is ended. */
const running = new Map<ChildProcess, () => void>();

/**
 * Has a process that a test started end with the test's own, however that ends: a test that failed before its last line, or that
 * the runner ends for its time, leaves nothing behind that holds a port or an output that somebody waits for.
 */
export function endsWithUs<Child extends ChildProcess>(
  child: Child,
  end: () => void = () => child.kill('SIGKILL'),
): Child {
  if (running.size === 0) {
    process.on('exit', endAll);
    process.on('SIGTERM', exit);
  }
  running.set(child, end);
  child.once('exit', () => {
    running.delete(child);
    if (running.size > 0) return;
    process.off('exit', endAll);
    process.off('SIGTERM', exit);
  });
  return child;
}

function endAll(): void {
  for (const end of running.values()) end();
}

/** The runner's way to end a test. */
function exit(): void {
  process.exit(1);
}
