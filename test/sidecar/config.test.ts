import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, type SettingTexts } from '../../src/lib/settings.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';

function configOf(texts: SettingTexts) {
  return sidecarConfig(readSettings(texts).settings);
}

test('the defaults: a button on GPIO 17, the real driver, presses announced on sse', () => {
  const { config, problems } = configOf({});
  assert.deepEqual(problems, []);
  assert.deepEqual(
    config.pins.map(({ name, gpio, direction }) => [name, gpio, direction]),
    [['button', 17, 'in']],
  );
  const { pins: _, ...rest } = config;
  assert.deepEqual(rest, {
    driver: 'onoff',
    chip: undefined,
    mockAuto: undefined,
    announce: 'sse',
    outbox: 10_000,
    repeat: 3_600_000,
    healthFile: undefined,
  });
});

test('what is set is passed on', () => {
  const { config } = configOf({
    GPIO_DRIVER: 'mock',
    MOCK_AUTO: '5s',
    ANNOUNCE: 'presses',
    OUTBOX: '7',
    LOG_AGE: '6s',
    GPIO_CHIP: 'gpiochip4',
    HEALTH_FILE: '/run/health',
  });
  const { pins: _, ...rest } = config;
  assert.deepEqual(rest, {
    driver: 'mock',
    chip: 'gpiochip4',
    mockAuto: 5000,
    announce: 'presses',
    outbox: 7,
    repeat: 2000,
    healthFile: '/run/health',
  });
});

test('the mistakes of PINS and of ANNOUNCE are said together', () => {
  assert.deepEqual(configOf({ PINS: 'a=99', ANNOUNCE: 'a*' }).problems, [
    'PINS, character 3, "99": the GPIO must be a BCM number from 0 to 53, like 17 (that is pin 11 of the header).',
    'ANNOUNCE must be a channel: A channel cannot contain "*": that is for patterns, which only listen.',
  ]);
  assert.deepEqual(configOf({ ANNOUNCE: 'device' }).problems, [
    'ANNOUNCE must be a channel: "device" is the channel of the device itself: choose another.',
  ]);
});

test('a pin cannot have the channel on which presses are announced', () => {
  assert.equal(configOf({ PINS: 'bell=17', ANNOUNCE: 'bell' }).problems.length, 1);
});
