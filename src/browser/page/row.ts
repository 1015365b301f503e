import type { Gap, PinstreamEvent } from '../client.ts';
import type { WireDevice } from '../wire.ts';
import { type Reading, read, readSentence } from './datum.ts';
import { el } from './element.ts';
import { levelOf } from './pin.ts';
import { clock, day, full } from './time.ts';

const HUES = 8;

/** One event in the feed. */
export function eventRow(event: PinstreamEvent): HTMLElement {
  const { brief, whole } = readingOf(event);
  const data = el('div', { class: 'data', dir: 'auto' }, brief);
  const row = el(
    'li',
    { class: 'event', 'data-hue': String(hueOf(event.channel)) },
    timeOf(event.at),
    el('span', { class: 'channel', dir: 'auto' }, event.channel),
    el('span', { class: event.name === 'message' ? 'name plain' : 'name', dir: 'auto' }, event.name),
    data,
  );
  if (whole) row.append(moreButton(data, () => readingOf(event).brief, whole));
  return row;
}

/** What was missed, in the place where it is missing. */
export function gapRow(gap: Gap): HTMLElement {
  return el('li', { class: 'gap' }, el('strong', {}, 'Gap'), ` ${gapWords(gap)}`);
}

function gapWords({ channel, certain }: Gap): string {
  if (channel === undefined) {
    return 'The store is a new one: what was not seen before is gone, and what comes is counted anew.';
  }
  return certain
    ? `Events on “${channel}” are missing here: there were more than its log keeps.`
    : `Events on “${channel}” may be missing here: nobody knows whether there were any.`;
}

function timeOf(at: number): HTMLElement {
  const date = new Date(at);
  const { seconds, fraction } = clock(date);
  const time = el('time', { datetime: date.toISOString(), title: full(date) });
  const on = day(date);
  if (on) time.append(el('span', { class: 'day' }, on), ' ');
  time.append(seconds, el('span', { class: 'fraction' }, fraction));
  return time;
}

function moreButton(data: HTMLElement, brief: () => Node, whole: () => Node): HTMLButtonElement {
  const more = el('button', {
    type: 'button',
    class: 'more',
    'aria-label': 'All data',
    'aria-expanded': 'false',
  });
  more.addEventListener('click', () => {
    const open = more.getAttribute('aria-expanded') === 'false';
    more.setAttribute('aria-expanded', String(open));
    data.replaceChildren(open ? whole() : brief());
  });
  return more;
}

function readingOf({ channel, name, data }: PinstreamEvent): Reading {
  const sentence = sentenceOf(channel, name, data);
  return sentence === undefined ? read(data) : readSentence(sentence, data);
}

/** What our own events say for themselves: a gesture its `text`, the device its state. */
function sentenceOf(channel: string, name: string, data: string): string | undefined {
  if (!data.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(data);
    if (typeof value.text === 'string' && typeof value.gpio === 'number') {
      // Its time stands beside it already.
      const text = value.text.split(' @ ')[0];
      return typeof value.held === 'number' ? `${text}, held ${Math.round(value.held)} ms` : text;
    }
    if (channel !== 'device' || name !== 'state') return undefined;
    const device = value as WireDevice;
    return [
      device.driver === null ? device.state : `${device.state}, ${device.driver}`,
      ...device.pins.map((pin) => `${pin.name} ${levelOf(pin, device.state)}`),
    ].join(' · ');
  } catch {
    return undefined;
  }
}

/** The same channel has the same colour, today and tomorrow. */
function hueOf(channel: string): number {
  let hash = 0;
  for (let i = 0; i < channel.length; i++) hash = (hash * 31 + channel.charCodeAt(i)) >>> 0;
  return hash % HUES;
}
