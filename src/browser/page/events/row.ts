import type { PinstreamEvent } from '../../client.ts';
import { el } from '../element.ts';
import { figure } from '../figure.ts';
import { knownKey } from '../knownKey.ts';
import { clock, day, full } from '../time.ts';
import type { Change } from './change.ts';
import { copyButton } from './clipboard.ts';
import { publishCommand, readCommand } from './curl.ts';
import { readingOf } from './datum.ts';
import { highlight } from './highlight.ts';
import { hueOf } from './hue.ts';
import { excerptOf } from './match.ts';
import { isOfDevice } from './sentence.ts';

/** What the rows have in common. */
export interface RowContext {
  /** The text that is searched for. */
  readonly wanted: RegExp | undefined;
  /** What an event of the device changed. */
  readonly changeOf: (event: PinstreamEvent) => Change | undefined;
}

/** One event in the feed. What it has no room for is built when somebody opens it. */
export function eventRow(event: PinstreamEvent, context: RowContext): HTMLElement {
  const change = context.changeOf(event);
  const brief = () => (change ? document.createTextNode(change.words) : readingOf(event).brief);
  const data = el('div', { class: 'data', dir: 'auto' }, brief());
  const more = el('button', {
    type: 'button',
    class: 'more',
    'aria-label': 'All data',
    'aria-expanded': 'false',
  });
  const row = el(
    'li',
    { class: change?.isEcho ? 'event echo' : 'event', 'data-hue': String(hueOf(event.channel)) },
    timeOf(event.at),
    el('span', { class: 'channel', dir: 'auto' }, event.channel),
    el('span', { class: event.name === 'message' ? 'name plain' : 'name', dir: 'auto' }, event.name),
    data,
    more,
  );
  markIn(row, data, event, context.wanted);
  more.addEventListener('click', () => toggle({ row, more, data, brief }, event, context));
  return row;
}

interface Cells {
  readonly row: HTMLElement;
  readonly more: HTMLElement;
  readonly data: HTMLElement;
  /** What it says while it is closed. */
  readonly brief: () => Node;
}

function toggle({ row, more, data, brief }: Cells, event: PinstreamEvent, context: RowContext): void {
  const open = more.getAttribute('aria-expanded') === 'false';
  more.setAttribute('aria-expanded', String(open));
  row.classList.toggle('open', open);
  row.querySelector('.details')?.remove();
  row.querySelector('.excerpt')?.remove();
  data.replaceChildren(open ? readingOf(event).whole() : brief());
  // What is higher than its window is scrolled with the keyboard too.
  for (const [name, value] of [
    ['tabindex', '0'],
    ['role', 'group'],
    ['aria-label', 'Data'],
  ] as const) {
    if (open) data.setAttribute(name, value);
    else data.removeAttribute(name);
  }
  if (open) row.append(detailsOf(event));
  markIn(row, data, event, context.wanted, open);
}

/** What is searched for is marked; where it stands in what is not shown, its surroundings are told. */
function markIn(
  row: HTMLElement,
  data: HTMLElement,
  event: PinstreamEvent,
  wanted: RegExp | undefined,
  open = false,
): void {
  if (!wanted) return;
  let found = 0;
  for (const cell of row.querySelectorAll<HTMLElement>('.channel, .name, .data')) {
    if (cell.querySelector('mark') === null) found += highlight(cell, wanted);
    else found++;
  }
  if (found > 0 || open) return;
  const excerpt = excerptOf(event.data, wanted);
  if (excerpt === '') return;
  const line = el('div', { class: 'excerpt', dir: 'auto' }, excerpt);
  highlight(line, wanted);
  data.after(line);
}

function detailsOf(event: PinstreamEvent): HTMLElement {
  const facts = [event.id, full(new Date(event.at)), sizeOf(event.data)].filter((fact) => fact !== '');
  const details = el(
    'div',
    { class: 'details' },
    el('p', { class: 'facts' }, facts.join(' · ')),
    copyButton('Copy data', () => event.data),
    copyButton('Copy curl to read it', () => readCommand(location.origin, event)),
  );
  if (isOfDevice(event))
    details.append(el('p', { class: 'facts' }, 'Only the sidecar publishes such events.'));
  else {
    details.append(
      copyButton('Copy curl to publish it again', () =>
        publishCommand(location.origin, event, { withKey: knownKey() !== '' }),
      ),
    );
  }
  return details;
}

function sizeOf(data: string): string {
  const bytes = new TextEncoder().encode(data).length;
  if (bytes === 0) return '';
  return bytes === 1 ? '1 byte' : `${figure(bytes)} bytes`;
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
