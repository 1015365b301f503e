import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { curlEvent, curlPress, isLoopback, urlOf } from '../../src/cli/hints.ts';

test('an address of this machine alone is told from others', () => {
  const loopback = ['localhost', '127.0.0.1', '127.0.0.5', '::1'];
  const others = [
    '0.0.0.0',
    '::',
    '192.168.1.7',
    'raspberrypi.local',
    '127.example.com',
    '127.0.0.1.example.com',
  ];
  assert.deepEqual([...loopback, ...others].filter(isLoopback), loopback);
});

test('the address that is shown is one that reaches the app', () => {
  const urls: [host: string, url: string][] = [
    ['127.0.0.1', 'http://localhost:8080'],
    ['0.0.0.0', 'http://localhost:8080'],
    ['::', 'http://localhost:8080'],
    ['::1', 'http://localhost:8080'],
    ['localhost', 'http://localhost:8080'],
    // Nothing says that localhost is this one.
    ['127.0.0.5', 'http://127.0.0.5:8080'],
    ['192.168.1.7', 'http://192.168.1.7:8080'],
    ['fe80::1', 'http://[fe80::1]:8080'],
  ];
  assert.deepEqual(
    urls.map(([host]) => [host, urlOf(host, 8080)]),
    urls,
  );
});

test('a line for a terminal says the same to every shell', () => {
  const words = (line: string) =>
    spawnSync('sh', ['-c', line.replace('curl', 'printf "%s\\n"')], { encoding: 'utf8' }).stdout;
  assert.equal(
    words(curlPress('http://localhost:8080', "it's (a) *front* door! $HOME")),
    '-H\nContent-Type: application/json\n-d\n{"press":120}\n' +
      'http://localhost:8080/pins/it%27s%20%28a%29%20%2afront%2a%20door%21%20%24HOME\n',
  );
  assert.equal(
    words(curlEvent('http://localhost:8080', 'k3y')),
    '-H\nAuthorization: Bearer k3y\n-H\nContent-Type: application/json\n-d\n{"channel":"sse","data":"Hello!"}\n' +
      'http://localhost:8080/events\n',
  );
});
