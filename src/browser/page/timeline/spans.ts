/** The spans to choose from, by the word that stands for them in the address. */
export const SPANS: readonly { readonly word: string; readonly title: string; readonly ms: number }[] = [
  { word: '1m', title: '1 min', ms: 60_000 },
  { word: '10m', title: '10 min', ms: 600_000 },
  { word: '1h', title: '1 h', ms: 3_600_000 },
  { word: '6h', title: '6 h', ms: 21_600_000 },
  { word: '24h', title: '24 h', ms: 86_400_000 },
];

const FIRST_MS = 600_000;

/** An address may say anything. */
export function spanOf(word: string | undefined): number {
  return SPANS.find((span) => span.word === word)?.ms ?? FIRST_MS;
}

/** The word for a span; undefined when somebody has zoomed in between. */
export function wordOf(ms: number): string | undefined {
  return SPANS.find((span) => Math.abs(span.ms - ms) < 1)?.word;
}
