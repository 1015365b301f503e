import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { engineEnv, needsEngine, ROOT } from '../support/bundle.ts';

/** A machine as the script finds it: an image of its system, and files and programs that say what board it is. */
interface Machine {
  readonly image?: 'debian:trixie-slim' | 'debian:bookworm-slim';
  readonly files?: Readonly<Record<string, string>>;
  readonly programs?: Readonly<Record<string, string>>;
  readonly offline?: boolean;
}

const NUL = '\0';
const LINE = 'console=serial0,115200 root=PARTUUID=1 rootwait';
const TABLE = '  sl  local_address rem_address   st\n';
const listening = (...ports: number[]) =>
  TABLE +
  ports
    .map((port) => `   0: 00000000:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A\n`)
    .join('');
/** A Pi 4 with Raspberry Pi OS, to which everything has been done. */
const FILES = {
  '/pi/proc/device-tree/model': `Raspberry Pi 4 Model B Rev 1.4${NUL}`,
  '/pi/proc/meminfo': 'MemTotal:        1900000 kB\nSwapTotal:        524288 kB\n',
  '/pi/proc/net/tcp': TABLE,
  '/pi/proc/net/tcp6': TABLE,
  '/pi/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n',
  '/pi/etc/apt/sources.list.d/debian.sources': '',
  '/pi/boot/firmware/cmdline.txt': `${LINE}\n`,
  '/pi/boot/firmware/config.txt': 'gpio=17=pu\n',
  '/pi/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
  '/pi/sys/class/gpio/export': '',
  '/pi/sys/bus/gpio/devices/gpiochip0/of_node/compatible': `brcm,bcm2711-gpio${NUL}`,
};
const PROGRAMS = {
  uname:
    'case $1 in -s) echo Linux ;; -r) echo 6.12.47+rpt-rpi-v8 ;; -m) echo aarch64 ;; -n) echo raspberrypi ;; esac',
  timedatectl: 'echo NTP=yes; echo NTPSynchronized=yes',
  df: 'echo Filesystem; echo "/dev/root 60000000 1 20480000 1% /"',
};
const DOCKER =
  'case "$*" in version*) echo 28.5.1 ;; "compose version --short") echo 2.40.0 ;; *) exit 1 ;; esac';
const DPKG = (architecture: string) =>
  `[ "$1" = --print-architecture ] && echo ${architecture} || exec /usr/bin/dpkg "$@"`;
const READY = { ...PROGRAMS, docker: DOCKER, dpkg: DPKG('arm64') };
/** What may have been changed. */
const STATE = `for file in /work/.env /pi/boot/firmware/cmdline.txt* /pi/etc/apt/sources.list.d/* /log; do
  [ ! -s "$file" ] || { echo "== $file"; cat "$file"; }; done; id -nG pi`;
const AS_IT_WAS = `== /pi/boot/firmware/cmdline.txt\n${LINE}\npi docker gpio\n`;

/** Runs a program of bash on such a machine, in a folder that looks like a checkout. */
async function on(
  { image = 'debian:trixie-slim', files = {}, programs = READY, offline = false }: Machine,
  program: string,
): Promise<string> {
  const given = await mkdtemp(join(tmpdir(), 'pinstream-pi-'));
  try {
    for (const [path, text] of Object.entries({ ...FILES, ...files })) {
      await mkdir(dirname(join(given, path)), { recursive: true });
      await writeFile(join(given, path), text);
    }
    await mkdir(join(given, 'usr/local/bin'), { recursive: true });
    for (const [name, text] of Object.entries(programs))
      await writeFile(join(given, 'usr/local/bin', name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    const mounts = ['scripts/pi-setup', 'package.json'].flatMap((file) => [
      ...['-v', `${join(ROOT, file)}:/work/${file}:ro`],
    ]);
    const start = `cp -r /given/. / && groupadd -f docker && groupadd -f gpio && useradd -G docker,gpio pi && cd /work
      export PI_ROOT=/pi SUDO_USER=pi\n`;
    return await new Promise((done, failed) => {
      const args = ['run', '--rm', ...(offline ? ['--network', 'none'] : []), ...mounts];
      execFile(
        'docker',
        [...args, '-v', `${given}:/given:ro`, image, 'bash', '-c', `exec 2>&1\n${start}${program}`],
        { env: engineEnv(), maxBuffer: 16 * 2 ** 20 },
        (error, stdout) => {
          if (error === null) done(stdout);
          else failed(new Error(`${program}: ${error.code}\n${stdout}`));
        },
      );
    });
  } finally {
    await rm(given, { recursive: true });
  }
}

/** What the script says, its status, and what it has left behind. */
async function setUp(machine: Machine, args = '', answers = ''): Promise<{ said: string; after: string }> {
  const text = await on(
    machine,
    `${answers} scripts/pi-setup ${args}; echo "ends with $?"; echo ====; ${STATE}`,
  );
  const [said = '', after = ''] = text.split('====\n');
  return { said: said.replace(/(the net: |clock says )\w{3} \w{3} .* \d{4}/g, '$1NOW'), after };
}

const WELL = [
  '✓ Raspberry Pi 4 Model B Rev 1.4',
  '✓ Debian GNU/Linux 13 (trixie), kernel 6.12.47+rpt-rpi-v8, 64 bits',
  '✓ 1855 MB of memory, 512 MB of swap',
  '✓ The kernel limits the memory of containers.',
  "✓ The header's GPIO chip is pinctrl-bcm2711, /dev/gpiochip0.",
  '✓ Docker 28.5.1, Compose 2.40.0',
  '✓ pi may talk to Docker.',
  '✓ Port 80 is free for the page.',
  '✓ Port 6379 is free for redis-cli on this machine.',
  '✓ 20000 MB of the disk are free.',
  '✓ The clock is set by the net: NOW',
  '',
  'Ready. Next:',
  '  docker compose up -d --build --wait',
  '  scripts/smoke',
  '  then open http://raspberrypi.local/',
  'ends with 0',
  '',
].join('\n');

before(needsEngine);

describe('pi-setup on a Pi to which everything has been done', () => {
  for (const args of ['--check', '--yes', ''])
    test(`${args || 'without an option'}: has nothing to say against it, and changes nothing`, async () => {
      assert.deepEqual(await setUp({}, args, '</dev/null'), { said: WELL, after: AS_IT_WAS });
    });
});

describe('pi-setup where the bundle runs already, and the user may not talk to Docker', () => {
  const ports = 'echo "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"; echo "127.0.0.1:6379->6379/tcp"; exit';
  const refused = 'echo "permission denied while trying to connect" >&2; exit 1';
  const docker = `case "$*" in --version) echo Docker version 28.5.1, build x; exit ;; "compose version"*) ;; *) [ -n "$ROOT" ] || { ${refused}; } ;; esac
    case $1 in ps) ${ports} ;; esac\n${DOCKER}`;
  const env = 'GPIO_DRIVER=onoff\r\nexport HTTP_PORT="8080"   # the page\r\n';
  const running = (sudo: string): Machine => ({
    files: { '/work/.env': env, '/pi/proc/net/tcp': listening(8080, 6379) },
    programs: { ...READY, docker, sudo },
  });
  const asPi = 'gpasswd -d pi docker >/dev/null; cd /work; runuser -u pi --';
  const asItWas = `== /work/.env\n${env}${AS_IT_WAS.replace(' docker', '')}`;

  test('knows its ports by sudo; after a no to the group it is ready all the same, and says where sudo is needed', async () => {
    const { said, after } = await setUp(
      running('ROOT=1 exec "$@"'),
      '',
      asPi.replace('runuser', 'yes n | runuser'),
    );
    assert.match(
      said,
      / – Left as it is\. pi may not talk to Docker without sudo\.\n✓ Port 8080 is the bundle's already\.\n✓ Port 6379 is the bundle's already\.\n/,
    );
    assert.doesNotMatch(said, /next login|log out/);
    assert.match(
      said,
      /\nReady\. Next:\n {2}sudo docker compose up -d --build --wait\n {2}sudo scripts\/smoke\n.*:8080\/\nends with 0\n$/,
    );
    assert.equal(after, asItWas);
  });

  test('with --check asks for no password, and says what it cannot tell', async () => {
    const { said, after } = await setUp(
      running('[ "$1" = -n ] || echo "Password:"; exit 1'),
      '--check',
      asPi,
    );
    for (const port of [8080, 6379])
      assert.match(
        said,
        new RegExp(
          `\\n– Port ${port}, for .*, is in use\\. Whether by the bundle cannot be told, since pi may not talk to Docker yet: `,
        ),
      );
    assert.doesNotMatch(said, /Password|✗/);
    assert.match(said, /\nends with 0\n$/);
    assert.equal(after, asItWas);
  });

  test('says which setting is no port', async () => {
    const { said } = await setUp({ files: { '/work/.env': "HTTP_PORT='web' # 80\n" } }, '--check');
    assert.match(
      said,
      /\n✗ HTTP_PORT in \.env is web, which is no port: it is a number up to 65535, as HTTP_PORT=8080\.\n/,
    );
    assert.match(said, /\nends with 1\n$/);
  });
});

describe('pi-setup on a fresh Pi', () => {
  const fresh: Machine = {
    files: {
      '/pi/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n',
      '/pi/proc/net/tcp': listening(80, 6379),
    },
    programs: PROGRAMS,
  };
  const zone = 'gpasswd -d pi docker; ln -sf /usr/share/zoneinfo/Europe/Berlin /pi/etc/localtime';

  test('with --yes installs the Docker of Debian trixie and does the rest; a second run changes nothing', async () => {
    const text = await on(
      fresh,
      `${zone}; scripts/pi-setup --yes; echo ====; ${STATE}; echo ====; dpkg -l >/tmp/before
      scripts/pi-setup --yes; echo "ends with $?"; echo ====; ${STATE}; dpkg -l | cmp - /tmp/before && docker --version`,
    );
    const [first = '', state = '', second = '', again = ''] = text.split('====\n');
    assert.match(
      first,
      /\n! Docker is not installed\.\n {2}[\d.]+ and Compose [\d.]+ are installed from debian: docker\.io /,
    );
    assert.match(first, /\n✓ Docker \d[\d.]+\S*, Compose \d\S+\n/);
    assert.match(
      first,
      /\nReady\. Next:\n {2}sudo reboot\n.*\n {2}scripts\/smoke\n {2}then open http:\/\/raspberrypi\.local:8080\/\n$/,
    );
    assert.equal(
      state,
      [
        '== /work/.env\n',
        '# Port 80 was taken when pi-setup looked.\nHTTP_PORT=8080\n',
        '# Port 6379 was taken when pi-setup looked.\nREDIS_PORT=6380\n',
        '# The local time in the text of a press.\nTZ=Europe/Berlin',
        '== /pi/boot/firmware/cmdline.txt',
        `${LINE} cgroup_enable=memory cgroup_memory=1`,
        '== /pi/boot/firmware/cmdline.txt.before-pinstream',
        LINE,
        'pi docker gpio',
        '',
      ].join('\n'),
    );
    assert.match(
      second,
      /\n✗ The kernel does not limit .* yet, but \/boot\/firmware\/cmdline\.txt tells it to: restart the Pi\.\n/,
    );
    assert.doesNotMatch(second, /^!/m);
    assert.match(second, /\nRestart the Pi first: sudo reboot\nends with 1\n$/);
    assert.ok(again.startsWith(state), again);
    assert.match(again.slice(state.length), /^Docker version \d/);
  });

  test('asks before each change, and after a no leaves everything as it was', async () => {
    const { said, after } = await setUp(fresh, '', 'yes n |');
    assert.equal(said.match(/Do it\? \[y\/N\] /g)?.length, 4, said);
    assert.match(said, /✗ Left as it is\. Docker is not installed\.\n/);
    assert.match(said, /\nNot ready yet: see what begins with ✗\.\nends with 1\n$/);
    assert.equal(after, AS_IT_WAS);
  });

  test('with --check says what it would do, does nothing, and ends with 1', async () => {
    const { said, after } = await setUp(fresh, '--check');
    assert.match(said, /\n✗ The kernel does not limit .* Without --check this offers: cgroup_enable=memory /);
    assert.match(said, /\n✗ Docker is not installed\. Without --check this renews the lists of packages/);
    assert.match(said, /\n✗ Port 80, for the page, is taken .*HTTP_PORT=8080 goes into \.env/);
    assert.match(said, /ends with 1\n$/);
    assert.equal(after, AS_IT_WAS);
  });

  test('without a net says that no package is there', async () => {
    const { said } = await setUp({ ...fresh, offline: true }, '--yes');
    assert.match(said, /\n✗ Docker is not installed\. There is no package docker\.io: is there a net\?/);
  });
});

describe('pi-setup where the Docker of the system is too old', () => {
  /** The real lists of packages; what is installed is only written down, and then it is there. */
  const aptGet = `case "$*" in *update*) exec /usr/bin/apt-get "$@" ;; esac
    echo "apt-get $*" >>/log
    case "$*" in *docker-ce*) printf '%s\\n' '#!/bin/bash' '${DOCKER.replaceAll("'", "'\\''")}' >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker ;; esac`;
  const curl = 'echo "curl $*" >>/log; echo KEY >"$' + '{@: -1}"';
  const bookworm = (id: string, architecture: string): Machine => ({
    image: 'debian:bookworm-slim',
    files: { '/pi/etc/os-release': `PRETTY_NAME=Bookworm\nVERSION_CODENAME=bookworm\nID=${id}\n` },
    programs: { ...PROGRAMS, dpkg: DPKG(architecture), 'apt-get': aptGet, curl },
  });

  for (const [id, architecture, place, settings] of [
    ['debian', 'arm64', 'debian', ''],
    [
      'raspbian',
      'armhf',
      'raspbian',
      '== /work/.env\n\n# The last Node with images for 32-bit machines.\nNODE_VERSION=22\n\n# The Debian that these images are made of.\nDEBIAN=bookworm\n',
    ],
  ] as const) {
    test(`offers Docker's own repository on ${id} bookworm, with its key, for this architecture alone`, async () => {
      const { said, after } = await setUp(bookworm(id, architecture), '--yes');
      assert.match(
        said,
        new RegExp(
          `\\n! Docker is not installed\\.\\n {2}The one of ${id} bookworm is too old \\(20\\.10\\.\\d+\\)\\. From Docker's own repository, download\\.docker\\.com, which is added to apt: `,
        ),
      );
      assert.match(said, /\n✓ Docker 28\.5\.1, Compose 2\.40\.0\n/);
      assert.match(said, /\nends with 0\n$/);
      assert.equal(
        after,
        [
          `${settings}== /pi/boot/firmware/cmdline.txt`,
          LINE,
          '== /pi/etc/apt/sources.list.d/docker.sources',
          `Types: deb\nURIs: https://download.docker.com/linux/${place}\nSuites: bookworm\nComponents: stable`,
          `Architectures: ${architecture}\nSigned-By: /pi/etc/apt/keyrings/docker.asc`,
          '== /log',
          'apt-get install -y -qq --no-install-recommends ca-certificates curl',
          `curl -fsSL https://download.docker.com/linux/${place}/gpg -o /pi/etc/apt/keyrings/docker.asc.new`,
          'apt-get install -y -qq --no-install-recommends docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin docker.io- docker-compose-',
          'pi docker gpio',
          '',
        ].join('\n'),
      );
    });
  }

  test('after a no, or when its key cannot be had, apt is as it was', async () => {
    const no = await setUp(bookworm('debian', 'arm64'), '', 'yes n |');
    assert.match(no.said, /✗ Left as it is\. Docker is not installed\.\n/);
    assert.equal(no.after, AS_IT_WAS);
    const machine = bookworm('debian', 'arm64');
    const { said, after } = await setUp(
      { ...machine, programs: { ...machine.programs, curl: 'exit 6' } },
      '--yes',
    );
    assert.match(
      said,
      /\n✗ Docker's key could not be fetched from download\.docker\.com: is there a net\?\n/,
    );
    assert.doesNotMatch(after, /sources/);
  });
});

describe('pi-setup refuses in a sentence', () => {
  const refusals: readonly [what: string, machine: Machine, sentence: string][] = [
    [
      'a processor without images',
      { programs: { ...READY, dpkg: DPKG('armhf'), uname: PROGRAMS.uname.replace('aarch64', 'armv6l') } },
      '✗ Debian GNU/Linux 13 (trixie) on an ARMv6 processor (Pi 1, Zero, Zero W): there are no images of Node for it.',
    ],
    [
      'another architecture',
      { programs: { ...READY, dpkg: DPKG('riscv64') } },
      '✗ Debian GNU/Linux 13 (trixie) on riscv64: the images are made for arm64, amd64 and 32-bit ARMv7.',
    ],
    [
      'too little memory to build',
      { files: { '/pi/proc/meminfo': 'MemTotal: 440000 kB\nSwapTotal: 102400 kB\n' } },
      '✗ 429 MB of memory and 100 MB of swap: building the images needs about 1 GB together.',
    ],
    [
      'a full disk',
      { programs: { ...READY, df: PROGRAMS.df.replace('20480000', '1024000') } },
      '✗ 1000 MB of the disk are free: building the images needs 3 GB.',
    ],
    [
      'a kernel without the GPIO of the header',
      { files: { '/pi/sys/bus/gpio/devices/gpiochip0/of_node/compatible': `other,chip${NUL}` } },
      '✗ The GPIO chip of the header is not found',
    ],
    [
      'two taken ports',
      {
        files: { '/pi/proc/net/tcp6': listening(80, 8080) },
        // The bundle has another port: 80 is the one inside.
        programs: { ...READY, docker: `[ "$1" = ps ] && echo "0.0.0.0:8081->80/tcp" && exit\n${DOCKER}` },
      },
      '✗ Port 80 is taken by another program, and 8080 too: choose a free one, and put HTTP_PORT= into .env.',
    ],
    [
      'a clock of long ago',
      { programs: { ...READY, date: '[ "$1" = +%s ] && echo 60 || echo "Thu Jan 1 00:01:00 UTC 1970"' } },
      '✗ The clock says NOW, which is before these files were made: connect the Pi to the net',
    ],
    [
      'a clock that nobody sets',
      { programs: { ...READY, timedatectl: 'echo NTP=no; echo NTPSynchronized=no' } },
      '✗ The clock says NOW, and nobody sets it',
    ],
    [
      'a Compose that cannot build with the buildx that is there',
      {
        programs: {
          ...READY,
          docker: `[ "$1" = buildx ] && echo github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3 && exit\n${DOCKER.replace('2.40.0', 'v2.40.1')}`,
        },
      },
      '✗ Compose 2.40.1 builds the images only with its plugin buildx 0.17 or newer, and here is 0.13.1.',
    ],
    [
      'an engine that does not answer',
      {
        programs: {
          ...READY,
          docker: `[ "$1" = version ] && exit 1\n[ "$1" = --version ] && echo Docker version 28.5.1, build x && exit\n${DOCKER}`,
        },
      },
      '✗ The Docker engine does not answer: sudo systemctl start docker; journalctl -u docker says why.',
    ],
  ];
  for (const [what, machine, sentence] of refusals) {
    test(what, async () => {
      const { said, after } = await setUp(machine, '--check');
      assert.ok(said.includes(`\n${sentence}`), `${sentence}\nis not in\n${said}`);
      assert.match(said, /\nNot ready yet: see what begins with ✗\.\nends with 1\n$/);
      assert.equal(after, AS_IT_WAS);
    });
  }
});

test('pi-setup on a laptop says that it is no Pi, points to the mock, and leaves out the pins', async () => {
  const { said } = await setUp({ files: { '/pi/proc/device-tree/model': '' } }, '--check');
  assert.match(
    said,
    /^– This is no Raspberry Pi: what is about its pins is left out\. To try the bundle without pins: docker compose -f /,
  );
  assert.doesNotMatch(said, /GPIO/);
  assert.match(said, /\nends with 0\n$/);
});
