import type { Contender } from './contender.ts';
import type { Results } from './results.ts';
import { grouped } from './scenario.ts';

/** CPU per delivery over streams, and memory per idle stream: the picture of the page. Its colours can be read on white and on black. */

const WIDTH = 960;
const HEIGHT = 400;
const LINES = { left: 64, right: 420, top: 64, bottom: 340 };
const BARS = { left: 760, right: 910, top: 64, step: 33 };
const LABEL_GAP = 17;

const COLOURS: Readonly<Record<string, string>> = {
  pinstream: '#1f6feb',
  'pinstream-tcp': '#1f6feb',
  'pinstream-socket': '#58a6ff',
  nchan: '#2f9e44',
  'better-sse': '#c4762a',
  koa: '#cf4a3f',
  'koa-nginx': '#cf4a3f',
  loop: '#768390',
};
const SHORT: Readonly<Record<string, string>> = {
  pinstream: 'Pinstream',
  'pinstream-tcp': 'Pinstream, nginx',
  'pinstream-socket': 'Pinstream, nginx, socket',
  koa: 'Koa',
  'koa-nginx': 'Koa, nginx',
  loop: 'bare C loop',
};

interface Line {
  readonly contender: Contender;
  readonly points: readonly { readonly streams: number; readonly value: number }[];
}

export function plot(results: Results, contenders: readonly Contender[]): string {
  const lines = contenders.flatMap((contender) => {
    const points = sizesOf(results, 'fan-out').flatMap(({ label, streams }) => {
      const value = results.spread({
        scenario: 'fan-out',
        size: label,
        server: contender.name,
        metric: 'cpuUs',
      });
      return value ? [{ streams, value: value.median }] : [];
    });
    return points.length === 0 ? [] : [{ contender, points }];
  });
  const [memory] = sizesOf(results, 'memory').slice(-1);
  const bars = contenders.flatMap((contender) => {
    const figure = { scenario: 'memory', size: memory?.label ?? '', server: contender.name, metric: 'kib' };
    const value = results.spread(figure);
    return value ? [{ contender, value: Math.max(0, value.median) }] : [];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title desc">`,
    '  <title id="title">What a delivery and an idle stream cost</title>',
    `  <desc id="desc">${escaped(described(lines, bars))}</desc>`,
    STYLE,
    ...linePanel(lines),
    ...barPanel(bars, memory?.streams ?? 0),
    ...(lines.length + bars.length === 0 ? [text(20, 28, 'Not measured yet.', 'title')] : []),
    '</svg>',
  ].join('\n')}\n`;
}

const STYLE = `  <style>
    text { font: 400 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #768390; }
    .title { font-size: 14px; font-weight: 600; }
    .grid { stroke: #768390; stroke-opacity: .3; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
    .behind { stroke-dasharray: 6 4; }
  </style>`;

function linePanel(lines: readonly Line[]): string[] {
  const all = lines.flatMap(({ points }) => points);
  if (all.length === 0) return [];
  const { left, right, top, bottom } = LINES;
  const streams = [...new Set(all.map((point) => point.streams))].sort((a, b) => a - b);
  const [least = 1, most = 1] = [streams[0], streams.at(-1)];
  const highest = niceTop(Math.max(...all.map(({ value }) => value)));
  const x = (count: number) =>
    most === least ? left : left + ((right - left) * Math.log(count / least)) / Math.log(most / least);
  const y = (value: number) => bottom - ((bottom - top) * value) / highest;
  const ticks = Array.from({ length: 6 }, (_, i) => (highest * i) / 5);
  const labels = spread(
    lines.map(({ contender, points }) => ({ contender, at: y(points.at(-1)?.value ?? 0) + 4 })),
  );
  return [
    text(20, 28, 'CPU µs per delivery (dashed: with nginx in front, included)', 'title'),
    ...ticks.flatMap((value) => [
      `  <path class="grid" d="M${left} ${round(y(value))}H${right}"/>`,
      text(left - 8, y(value) + 4, String(Number(value.toFixed(1))), 'end'),
    ]),
    ...streams.map((count) => text(x(count), bottom + 22, grouped(count), 'middle')),
    text((left + right) / 2, bottom + 44, 'streams', 'middle'),
    ...lines.map(({ contender, points }) => {
      const path = points.map((point) => `${round(x(point.streams))} ${round(y(point.value))}`).join(' ');
      const kind = contender.behindNginx ? 'line behind' : 'line';
      return `  <path class="${kind}" stroke="${colour(contender)}" d="M${path}"/>`;
    }),
    ...lines.flatMap(({ contender, points }) =>
      points.map(
        (point) =>
          `  <circle cx="${round(x(point.streams))}" cy="${round(y(point.value))}" r="3.5" fill="${colour(contender)}"/>`,
      ),
    ),
    ...labels.map(({ contender, at }) => text(right + 12, at, short(contender), '', colour(contender))),
  ];
}

function barPanel(
  bars: readonly { readonly contender: Contender; readonly value: number }[],
  streams: number,
): string[] {
  if (bars.length === 0) return [];
  const { left, right, top, step } = BARS;
  const most = Math.max(...bars.map(({ value }) => value), 1e-9);
  return [
    text(592, 28, `KiB per idle stream, ${grouped(streams)} of them`, 'title'),
    ...bars.flatMap(({ contender, value }, i) => {
      const at = top + i * step;
      const width = round(((right - left) * value) / most);
      return [
        text(left - 8, at + 15, short(contender), 'end'),
        `  <rect x="${left}" y="${at}" width="${width}" height="20" rx="3" fill="${colour(contender)}"${contender.behindNginx ? ' fill-opacity=".6"' : ''}/>`,
        text(left + width + 6, at + 15, value.toFixed(1)),
      ];
    }),
  ];
}

/** Labels below one another, each as near to its line as the others let it. */
function spread(
  labels: readonly { readonly contender: Contender; readonly at: number }[],
): { contender: Contender; at: number }[] {
  const sorted = [...labels].sort((a, b) => a.at - b.at).map((label) => ({ ...label }));
  // From above each pushes the next down, and what was pushed out at the bottom pushes back up.
  for (const [i, label] of sorted.entries())
    label.at = Math.max(label.at, (sorted[i - 1]?.at ?? Number.NEGATIVE_INFINITY) + LABEL_GAP);
  for (let i = sorted.length - 1; i >= 0; i--) {
    const label = sorted[i];
    if (label) label.at = Math.min(label.at, (sorted[i + 1]?.at ?? LINES.bottom + 4 + LABEL_GAP) - LABEL_GAP);
  }
  return sorted;
}

function sizesOf(results: Results, scenario: string): { label: string; streams: number }[] {
  const labels = new Set(results.all.filter((one) => one.scenario === scenario).map(({ size }) => size));
  return [...labels]
    .map((label) => ({ label, streams: Number.parseInt(label.replaceAll(',', ''), 10) }))
    .sort((a, b) => a.streams - b.streams);
}

function described(
  lines: readonly Line[],
  bars: readonly { readonly contender: Contender; readonly value: number }[],
): string {
  const cpu = lines.map(({ contender, points }) => {
    const values = points.map(({ streams, value }) => `${value.toFixed(2)} with ${grouped(streams)}`);
    return `${contender.label}: ${values.join(', ')}.`;
  });
  const memory = bars.map(({ contender, value }) => `${contender.label} ${value.toFixed(1)}`);
  return `CPU microseconds per delivery by streams. ${cpu.join(' ')} KiB per idle stream: ${memory.join(', ')}.`;
}

function text(x: number, y: number, words: string, kind = '', fill = ''): string {
  const attributes = `${kind && ` class="${kind}"`}${fill && ` style="fill:${fill}"`}`;
  return `  <text x="${round(x)}" y="${round(y)}"${attributes}>${escaped(words)}</text>`;
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 1.5, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function colour({ name }: Contender): string {
  return COLOURS[name] ?? '#6e5494';
}

function short({ name, label }: Contender): string {
  return SHORT[name] ?? label;
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
