import type { Ran } from './gpiodTools.ts';

const NEEDED =
  'The gpiomon driver needs libgpiod 2, which is the package gpiod of Debian 13 (trixie) or later';

/** Throws the reason why this gpiomon cannot be used, after what it answered to `--version`. */
export function version(asked: Ran): void {
  const { code, signal, output, errors } = asked;
  if (asked.missing) {
    throw new Error(
      `gpiomon is not installed. ${NEEDED}: install it (\`sudo apt install gpiod\`), or set GPIO_DRIVER=onoff.`,
    );
  }
  const found = /\(libgpiod\) v?(\d+)[.\w-]*/.exec(output);
  if (!found) {
    const said =
      (output || errors).split('\n')[0] || `nothing, and ended with ${signal ?? code ?? 'an error'}`;
    throw new Error(
      `\`gpiomon --version\` does not name its version; it said: ${said}. ${NEEDED}: install that one, or set GPIO_DRIVER=onoff.`,
    );
  }
  if (Number(found[1]) >= 2) return;
  const name = found[0].replace(/^\S+ v?/, '');
  throw new Error(
    `libgpiod ${name} is installed. ${NEEDED}: its programs are used in another way. Upgrade it, or set GPIO_DRIVER=onoff.`,
  );
}
