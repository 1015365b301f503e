import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { History } from '../../src/browser/page/timeline/history.ts';

test('what is wanted again while the log answers is asked again', async (t) => {
  const { history, asked, answered } = started(t, (question) => {
    if (question === 1) history.want(['button']);
    return Response.json({ events: [] });
  });
  history.want(['button']);
  await answered('button');
  assert.deepEqual(asked, ['device', 'button', 'device']);
});

test('what got no answer is asked again, and no more than that', async (t) => {
  const { history, asked, answered } = started(t, (question) =>
    question === 2 ? new Response('', { status: 503 }) : Response.json({ events: [] }),
  );
  history.want(['button']);
  await answered('device');
  await history.retry();
  assert.deepEqual(asked, ['device', 'button', 'button']);
});

/** Which channels the log is asked for; `answer` gets how many questions there were. */
function started(t: TestContext, answer: (question: number) => Response) {
  const asked: (string | null)[] = [];
  t.mock.method(globalThis, 'fetch', async (path: string) => {
    asked.push(new URLSearchParams(path.split('?')[1]).get('channel'));
    return answer(asked.length);
  });
  let told = (_channel: string) => {};
  const history = new History({ heard() {}, told() {}, complete: (channel) => told(channel) });
  /** And the next question is on its way, or has failed. */
  const answered = async (wanted: string) => {
    await new Promise<void>((done) => {
      told = (channel) => {
        if (channel === wanted) done();
      };
    });
    await new Promise((done) => setImmediate(done));
  };
  return { history, asked, answered };
}
