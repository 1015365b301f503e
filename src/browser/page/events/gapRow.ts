import type { Gap } from '../../client.ts';
import { el } from '../element.ts';

/** What was missed, in the place where it is missing, and what helps against it. */
export function gapRow(gap: Gap): HTMLElement {
  const { what, remedy } = gapWords(gap);
  return el(
    'li',
    { class: 'gap' },
    el('strong', {}, 'Gap'),
    ` ${what} `,
    el('span', { class: 'remedy' }, ...remedy),
  );
}

function gapWords({ channel, certain }: Gap): { what: string; remedy: (Node | string)[] } {
  if (channel === undefined) {
    return {
      what: 'The store is a new one: what was not seen before is gone, and what comes is counted anew.',
      remedy: [
        'Without Redis the log lives in memory and ends with the app: set ',
        code('REDIS_URL'),
        ' to keep it.',
      ],
    };
  }
  const remedy = [
    'Raise ',
    code('LOG_LENGTH'),
    ' to keep more events of each channel, or ',
    code('LOG_AGE'),
    ' to keep quiet channels for longer.',
  ];
  return certain
    ? { what: `Events on “${channel}” are missing here: there were more than its log keeps.`, remedy }
    : { what: `Events on “${channel}” may be missing here: nobody knows whether there were any.`, remedy };
}

function code(text: string): HTMLElement {
  return el('code', {}, text);
}
