/** What the machine says to the test outside: each check is one line, and becomes a test of its own there. */

/** A check that waits for longer than this, on the machine's clock, has failed. What waits costs nothing there. */
const PATIENCE_MS = 120_000;

export interface Report {
  readonly title: string;
  /** Why it failed. */
  readonly error?: string;
}

let evidence = () => '';

/** What a failure shall tell besides. */
export function failuresTell(what: () => string): void {
  evidence = what;
}

/** Fails alone: the checks after it are made all the same. */
export async function check(
  title: string,
  run: () => void | Promise<void>,
  patience = PATIENCE_MS,
): Promise<void> {
  let error: string | undefined;
  try {
    await withPatience(run, patience);
  } catch (reason) {
    error = `${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n${evidence()}`;
  }
  const report: Report = error === undefined ? { title } : { title, error };
  process.stdout.write(`check ${JSON.stringify(report)}\n`);
}

/** A figure for whoever reads the report. */
export function note(text: string): void {
  process.stdout.write(`note ${text}\n`);
}

async function withPatience(run: () => void | Promise<void>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const over = () => reject(new Error(`It waited for ${patience / 1000} s in vain.`));
    timer = setTimeout(over, patience);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
