import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CSV_HEADER, csvLine, isoOf, type LoggedEvent } from '../../src/browser/page/events/csv.ts';
import { fileName, readHistory } from '../../src/browser/page/events/history.ts';
import type { LogPage, ReadLog } from '../../src/browser/page/events/log.ts';

describe('the history as CSV', () => {
  test('has a header and a line for each event', () => {
    assert.equal(CSV_HEADER, 'id,channel,event,at,data\r\n');
    assert.equal(csvLine(event({})), 'k3f9-1,base,message,2026-11-21T20:00:00.123Z,Hello!\r\n');
  });

  test('comes back as it was from any reader of RFC 4180', () => {
    for (const data of [
      'a,b',
      'say "so"',
      'two\r\nlines',
      '\n',
      '"',
      '',
      ' blanks ',
      'שלום 🎉',
      '\u0000\u0007',
    ]) {
      assert.deepEqual(parse(csvLine(event({ data, channel: 'a,"b"' }))), [
        ['k3f9-1', 'a,"b"', 'message', '2026-11-21T20:00:00.123Z', data],
      ]);
    }
  });

  test('gives spreadsheets no formula to run, and leaves numbers alone', () => {
    for (const data of ['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '=', '-', '-abc']) {
      assert.equal(parse(csvLine(event({ data })))[0]?.[4], `'${data}`);
    }
    assert.equal(
      parse(csvLine(event({ channel: '=x', event: '@y' })))[0]
        ?.slice(1, 3)
        .join(),
      `'=x,'@y`,
    );
    for (const data of ['-5', '+3.25', '-1e-7', '-.5', '-3,5', '5-3', 'a=b']) {
      assert.equal(parse(csvLine(event({ data })))[0]?.[4], data);
    }
  });

  test('has the time with all its fraction', () => {
    assert.equal(isoOf(1_795_291_200_123), '2026-11-21T20:00:00.123Z');
    assert.equal(isoOf(1_795_291_200_123.456), '2026-11-21T20:00:00.123456Z');
    assert.equal(isoOf(1_795_291_200_123.001), '2026-11-21T20:00:00.123001Z');
    assert.equal(isoOf(1_795_291_200_999.9998), '2026-11-21T20:00:01.000Z');
    assert.equal(isoOf(Number.NaN), '');
  });
});

describe('the history, read whole', () => {
  const log = Array.from({ length: 2_500 }, (_, i) => event({ id: `k3f9-${i + 1}`, data: `=${i}` }));

  test('goes from page to page, and says how far it is', async () => {
    const told: number[] = [];
    const history = await readHistory(pagesOf(log), ['*'], 'csv', (count) => told.push(count), signal());
    assert.deepEqual(told, [1_000, 2_000, 2_500, 2_500]);
    const lines = parse(await new Blob([...history.parts]).text());
    assert.deepEqual(lines[0], ['id', 'channel', 'event', 'at', 'data']);
    assert.deepEqual(
      lines.slice(1).map(([id]) => id),
      log.map(({ id }) => id),
    );
    assert.equal(history.count, 2_500);
    assert.equal(history.parts[0]?.type, 'text/csv;charset=utf-8');
  });

  test('as JSON has the form of GET /events, and every character', async () => {
    const history = await readHistory(pagesOf(log), ['*'], 'json', () => undefined, signal());
    const whole = JSON.parse(await new Blob([...history.parts]).text());
    assert.deepEqual(whole, { events: log, cursor: 'k3f9-2500', gap: null });
    const empty = await readHistory(pagesOf([]), ['a'], 'json', () => undefined, signal());
    assert.deepEqual(JSON.parse(await new Blob([...empty.parts]).text()), {
      events: [],
      cursor: 'k3f9-0',
      gap: null,
    });
    assert.equal(empty.count, 0);
  });

  test('tells what the log dropped meanwhile', async () => {
    const gap = [{ channel: 'base', until: 'k3f9-1400', certain: true }];
    const read: ReadLog = async (channels, since, abort) => {
      const page = await pagesOf(log)(channels, since, abort);
      return since === 'k3f9-1000' ? { ...page, gap } : page;
    };
    const history = await readHistory(read, ['*'], 'json', () => undefined, signal());
    assert.deepEqual(history.gaps, gap);
    assert.deepEqual(JSON.parse(await new Blob([...history.parts]).text()).gap, gap);
  });

  test('ends where the log ended when it was begun, however much comes', async () => {
    const growing = [...log];
    const read: ReadLog = (...question) => {
      for (let i = 0; i < 1_000; i++) growing.push(event({ id: `k3f9-${growing.length + 1}` }));
      return pagesOf(growing)(...question);
    };
    const told: number[] = [];
    const tell = (count: number) => {
      told.push(count);
      assert.ok(told.length < 10, 'it would never end');
    };
    await readHistory(read, ['*'], 'csv', tell, signal(), 'k3f9-2500');
    assert.deepEqual(told, [1_000, 2_000, 3_000]);
    const empty = await readHistory(pagesOf([]), ['*'], 'csv', () => undefined, signal(), 'k3f9-0');
    assert.equal(empty.count, 0);
  });

  test('ends when it is cancelled', async () => {
    const abort = new AbortController();
    const read: ReadLog = async (channels, since, at) => {
      at.throwIfAborted();
      return pagesOf(log)(channels, since, at);
    };
    const reading = readHistory(read, ['*'], 'csv', () => abort.abort(), abort.signal);
    await assert.rejects(reading, { name: 'AbortError' });
  });

  test('has a name that says when, and that every file system takes', () => {
    const now = new Date(2026, 10, 21, 20, 0, 0);
    assert.equal(fileName('csv', now), 'pinstream-2026-11-21T20-00-00.csv');
    assert.equal(fileName('json', now), 'pinstream-2026-11-21T20-00-00.json');
  });
});

function signal(): AbortSignal {
  return new AbortController().signal;
}

function event(given: Partial<LoggedEvent>): LoggedEvent {
  return { id: 'k3f9-1', channel: 'base', event: 'message', at: 1_795_291_200_123, data: 'Hello!', ...given };
}

/** A server with a log, as `GET /events` tells it. */
function pagesOf(log: readonly LoggedEvent[]): ReadLog {
  return async (_channels, since = 'k3f9-0'): Promise<LogPage> => {
    const after = Number(since.split('-')[1]);
    const events = log.slice(after, after + 1_000);
    return { cursor: events.at(-1)?.id ?? since, events, gap: null };
  };
}

/** A reader of RFC 4180 of its own, character by character. */
function parse(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  for (let at = 0; at < text.length; ) {
    let field = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        field += text[at];
      }
      at++;
    } else {
      while (text[at] !== ',' && text[at] !== '\r') field += text[at++];
    }
    line.push(field);
    if (text[at] === ',') at++;
    else {
      assert.equal(text.slice(at, at + 2), '\r\n');
      at += 2;
      lines.push(line);
      line = [];
    }
  }
  assert.deepEqual(line, []);
  return lines;
}
