// Installs the programs that the tests use, where that is possible without asking: on Debian and its kin, as root. Elsewhere it
// names what is missing, and the command that installs it.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { fail, hasProgram, runQuietly } from './steps.mjs';

/** Per suite: the programs or files (any of these), and what holds them. */
const REDIS = { any: ['redis-server'], apt: 'redis-server', brew: 'redis' };
const CURL = { any: ['curl'], apt: 'curl', brew: 'curl' };
const NGINX = { any: ['nginx'], apt: 'nginx-light', brew: 'nginx' };
const CHROMIUM = {
  any: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', ...named('CHROMIUM')],
  apt: 'chromium fonts-dejavu-core',
  brew: '--cask chromium',
};
/** Debian has the one that is supported for longer, Ubuntu the other alone. */
const FIREFOX = { any: ['firefox-esr', 'firefox', ...named('FIREFOX')], apt: 'firefox-esr' };
/** WebKitGTK's browser comes with its driver. It has no mode without a screen, so that it gets one in memory. */
const WEBKIT = [
  { any: ['WebKitWebDriver'], apt: 'webkit2gtk-driver' },
  { any: ['Xvfb'], apt: 'xvfb' },
];
const NEEDED = {
  unit: [REDIS, CURL],
  load: [REDIS],
  nodes: [REDIS],
  faults: [REDIS, NGINX],
  e2e: [
    REDIS,
    CURL,
    { any: ['redis-cli'], apt: 'redis-tools', brew: 'redis' },
    NGINX,
    CHROMIUM,
    FIREFOX,
    ...WEBKIT,
  ],
  screenshots: [CHROMIUM],
  soak: [CHROMIUM],
  gpio: [
    REDIS,
    { any: ['qemu-system-x86_64'], apt: 'qemu-system-x86' },
    { any: ['busybox'], apt: 'busybox-static' },
    { any: ['cpio'], apt: 'cpio' },
    { any: ['xz'], apt: 'xz-utils' },
  ],
  containers: [
    CURL,
    CHROMIUM,
    { any: ['openssl'], apt: 'openssl', brew: 'openssl' },
    { any: ['shellcheck'], apt: 'shellcheck', brew: 'shellcheck' },
    // As the official image of Redis has it.
    { any: ['busybox'], apt: 'busybox-static', brew: 'busybox' },
    { any: ['docker'], apt: 'docker.io docker-compose docker-buildx', brew: '--cask docker' },
  ],
  // Also what `npm run bench` needs.
  bench: [
    REDIS,
    { any: ['nginx'], apt: 'nginx' },
    { any: ['/usr/lib/nginx/modules/ngx_nchan_module.so'], apt: 'libnginx-mod-nchan' },
    { any: ['cc'], apt: 'gcc libc6-dev' },
    { any: ['/usr/include/stdio.h'], apt: 'libc6-dev' },
    { any: ['taskset'], apt: 'util-linux' },
  ],
};
NEEDED.presses = NEEDED.gpio;

/** Suites that boot Debian's kernel, with programs of the machine beside it. */
const ON_DEBIAN = ['gpio', 'presses'];

export function setup(suite) {
  if (suite === 'bench' && !(process.platform === 'linux' && hasProgram('apt-get'))) {
    fail("The bench loads Debian's nchan into nginx and reads /proc: it needs Linux, Debian or its kin.");
  }
  if (ON_DEBIAN.includes(suite) && !isDebianAmd64()) {
    fail(`The suite ${suite} boots a Debian kernel under QEMU: it needs an amd64 Debian machine.`);
  }
  // What only Debian and its kin have stops nobody elsewhere from running the rest: its own tests fail, and say why.
  const missing = NEEDED[suite].filter(
    (one) => !one.any.some(isThere) && (one.brew || hasProgram('apt-get')),
  );
  if (missing.length === 0) return;
  const names = missing.map(({ any }) => any[0]).join(', ');
  const packages = (manager) => [...new Set(missing.flatMap((one) => one[manager].split(' ')))];
  if (process.getuid?.() === 0 && hasProgram('apt-get')) {
    process.stdout.write(`Installing ${names} …\n`);
    withoutServices(() => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      runQuietly('apt-get', ['update', '-qq'], { env });
      runQuietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages('apt')], { env });
    });
    const still = missing.filter(({ any }) => !any.some(isThere));
    if (still.length > 0)
      fail(`Still missing after the installation: ${still.map(({ any }) => any[0]).join(', ')}.`);
    return;
  }
  const command = hasProgram('apt-get')
    ? `sudo apt-get install ${packages('apt').join(' ')}`
    : `brew install ${packages('brew').join(' ')}`;
  fail(`It needs ${names}: ${command}`);
}

/** The program that a variable names, if it is set. */
function named(variable) {
  const program = process.env[variable];
  return program ? [program] : [];
}

/** nginx is often in a folder that only root has on its path. */
function isThere(name) {
  if (name.startsWith('/')) return existsSync(name);
  return (
    hasProgram(name) || ['/usr/sbin', '/usr/local/sbin'].some((folder) => existsSync(`${folder}/${name}`))
  );
}

function isDebianAmd64() {
  return process.arch === 'x64' && existsSync('/usr/share/keyrings/debian-archive-keyring.gpg');
}

/** Debian starts a service as soon as it is installed: a Redis and an nginx that nobody has asked for. */
function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  process.on('exit', () => rmSync(policy, { force: true }));
  work();
  rmSync(policy, { force: true });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const suite of process.argv.slice(2)) setup(suite);
}
