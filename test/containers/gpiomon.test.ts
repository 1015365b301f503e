import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Bundle, needsEngine, PI } from '../support/bundle.ts';
import { eventually } from '../support/ready.ts';

const FILES = [...PI, 'compose.gpiomon.yml'];
const GROUP = '986';

describe('the bundle with gpiomon', () => {
  // No machine that runs this has a Pi's pins. Any device shows whether it is handed on; that real lines are read without other
  // rights is shown on a real kernel (test/gpio).
  const bundle = new Bundle('pinstream-test', FILES, {
    GPIO_DEVICE: '/dev/zero:/dev/gpiochip0',
    GPIO_GROUP: GROUP,
    HTTP_PORT: '0',
    REDIS_PORT: '0',
  });
  before(async () => {
    needsEngine();
    await bundle.compose('up', '-d', '--build', '--wait', 'sidecar');
  });
  after(() => bundle.remove());

  test('nobody is privileged: the sidecar has one device, and the group that the device belongs to', async () => {
    const [sidecar] = await bundle.inspect('sidecar');
    assert.ok(sidecar, 'no sidecar runs');
    const { Privileged, CapAdd, CapDrop, Devices, GroupAdd, ReadonlyRootfs } = sidecar.HostConfig;
    assert.deepEqual(
      {
        Privileged,
        CapAdd,
        CapDrop,
        GroupAdd,
        ReadonlyRootfs,
        devices: Devices?.map((one) => one.PathOnHost),
      },
      {
        Privileged: false,
        CapAdd: null,
        CapDrop: ['ALL'],
        GroupAdd: [GROUP],
        ReadonlyRootfs: true,
        devices: ['/dev/zero'],
      },
    );
    assert.equal(sidecar.Config.User, 'node');
    const status = await bundle.exec('sidecar', 'cat', '/proc/self/status');
    const said = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1];
    assert.deepEqual(
      {
        capabilities: said('CapEff'),
        newRights: said('NoNewPrivs'),
        uid: said('Uid')?.split('\t'),
        groups: said('Groups')?.split(' '),
      },
      {
        capabilities: '0000000000000000',
        newRights: '1',
        uid: ['1000', '1000', '1000', '1000'],
        groups: [GROUP, '1000'],
      },
    );
  });

  test('the programs of libgpiod 2 are there, and the sidecar says of a device that is none what is wrong with it', async () => {
    assert.match(await bundle.exec('sidecar', 'gpiomon', '--version'), /^gpiomon \(libgpiod\) v2\./);
    let health = '';
    await eventually('the sidecar says that its pin fails', async () => {
      health = await bundle.exec('sidecar', 'cat', '/tmp/health');
      return health.startsWith('degraded');
    });
    assert.equal(
      health,
      "degraded: button (GPIO 17) cannot be opened: there is no /dev/gpiochipN. Give the sidecar's container the header's " +
        '(`devices: ["/dev/gpiochip0"]`; `gpiodetect` on the Pi names it); on a machine without pins, set GPIO_DRIVER=mock. ' +
        'The store is reached.\n',
    );
    const [sidecar] = await bundle.inspect('sidecar');
    assert.equal(sidecar?.State.Health?.Status, 'healthy');
  });
});

test('without GPIO_GROUP the bundle with gpiomon does not start, and says where the number is found', async () => {
  const bundle = new Bundle('pinstream-test', FILES);
  const { status, stderr } = await bundle.run('docker', ['compose', 'config'], { fails: true });
  assert.notEqual(status, 0);
  assert.match(
    stderr,
    /GPIO_GROUP is missing a value: set it in \.env to what `stat -c %g \/dev\/gpiochip0` says on the Pi/,
  );
});
