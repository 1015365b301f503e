import { byId } from './element.ts';

/** As pushserver's /test: plain EventSource, no code of ours. */
const source = new EventSource('/stream?channel=test');
source.addEventListener('myevent', (event) => window.alert(event.data));

const status = byId('status');
function show(state: string, title: string): void {
  status.dataset.state = state;
  (status.querySelector('strong') as HTMLElement).textContent = title;
}
source.addEventListener('open', () => show('live', 'Live'));
source.addEventListener('error', () => {
  const gone = source.readyState === EventSource.CLOSED;
  show(gone ? 'stopped' : 'waiting', gone ? 'Stopped' : 'Not live');
});

byId('redis').textContent = `redis-cli publish test '["myevent", "Hello!"]'`;
byId('curl').textContent = `curl ${location.origin}/events -H 'Content-Type: application/json' \\
  -d '{"channel": "test", "event": "myevent", "data": "Hello!"}'`;
byId('code').textContent = `const source = new EventSource('/stream?channel=test');
source.addEventListener('myevent', (event) => alert(event.data));`;
