// Somebody's web backend: sends events through the library, at a rate, and prints for each whether the store has it.
// `node backend.ts RATE SEED FIRST CHANNEL…`; what it sends are `b:NUMBER …`, from FIRST on.
import { connectPublisher } from '../../src/index.ts';
import { Random } from './random.ts';
import { wordsOf } from './words.ts';

const [rate = '10', seed = '1', first = '0', ...channels] = process.argv.slice(2);
const random = new Random(Number(seed) + Number(first));
const publisher = await connectPublisher({ patience: 60_000 });
let number = Number(first);

const timer = setInterval(() => {
  const channel = random.pick(channels);
  const name = random.pick(['message', 'note', 'alarm']);
  const data = `b:${number++} ${wordsOf(random)}`;
  publisher.sendEvent(name, data, { channel }).then(
    (id) => say(['kept', id, channel, name, data]),
    (error: Error) => say(['gave up', error.message, channel, name, data]),
  );
}, 1000 / Number(rate));

process.on('SIGTERM', () => {
  clearInterval(timer);
  void publisher.close();
});

function say(what: string[]): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
