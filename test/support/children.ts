import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();

/**
 * Has a process that a test started end with the test's own, however that ends: a test that failed before its last line, or that
 * the runner ends for its time, leaves nothing behind that holds a port or an output that somebody waits for.
 */
export function endsWithUs<Child extends ChildProcess>(child: Child): Child {
  if (children.size === 0) {
    process.on('exit', endAll);
    process.on('SIGTERM', exit);
  }
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size > 0) return;
    process.off('exit', endAll);
    process.off('SIGTERM', exit);
  });
  return child;
}

function endAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** The runner's way to end a test. */
function exit(): void {
  process.exit(1);
}
