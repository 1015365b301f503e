import { lookup } from 'node:dns/promises';
import { ask, objectIn, type Target } from './ask.ts';

/** Where Pinstream is when nobody has said: beside nginx in the bundle, on a Pi behind port 80. */
const IN_FRONT = ['http://nginx', 'http://localhost'];
/** The app itself, at `npm start`. */
const ALONE = ['http://localhost:8080'];
/** Longer than nginx looks for an app that is away. */
const PATIENCE_MS = 5_000;

/**
 * Where to look. With CORS_OWNER=proxy something has to stand in front of the app: when it does not answer, that is the fault, and
 * the app beside it, which is well, would hide it.
 */
export function placesOf(behindProxy: boolean): {
  readonly places: readonly string[];
  readonly usual: string;
} {
  return behindProxy
    ? { places: IN_FRONT, usual: 'http://nginx' }
    : { places: [...IN_FRONT, ...ALONE], usual: 'http://localhost' };
}

/** The first place where Pinstream answers, or what stands in front of it; else the usual one. No place gets the key here. */
export async function findUrl(
  certain: Omit<Target, 'url'>,
  { places, usual }: ReturnType<typeof placesOf>,
): Promise<Target> {
  const plain = { ...certain, key: '' };
  const found = await Promise.all(places.map((place) => tryPlace({ ...plain, url: new URL(place) })));
  const target = found.find((one) => one !== undefined) ?? { ...plain, url: new URL(usual) };
  return { ...target, key: certain.key };
}

async function tryPlace(target: Target): Promise<Target | undefined> {
  try {
    await lookup(target.url.hostname);
    return (await answers(target)) ? await secured(target) : undefined;
  } catch {
    return undefined;
  }
}

async function answers(target: Target): Promise<boolean> {
  const { head, text } = await ask(target, '/healthz', { within: PATIENCE_MS });
  return objectIn(text)?.status === 'ok' || (head.status >= 502 && head.status <= 504);
}

/**
 * Where it speaks HTTPS besides, everything but its health leads there. Its certificate is for the names that people use, not
 * for the one that is used here; and within the bundle its port is the usual one, whatever it is outside. To another host than
 * the one that was meant nobody is followed.
 */
async function secured(target: Target): Promise<Target> {
  const page = await ask(target, '/', { within: PATIENCE_MS }).catch(() => undefined);
  const [location = ''] = page?.head.all('location') ?? [];
  const to = URL.canParse(location) ? new URL(location) : undefined;
  if (to?.protocol !== 'https:' || to.hostname !== target.url.hostname) return target;
  const there = { ...target, insecure: true };
  const [outside, inside] = [to.origin, `https://${to.hostname}`].map((url) => ({
    ...there,
    url: new URL(url),
  })) as [Target, Target];
  const isInside = !(await answers(outside).catch(() => false)) && (await answers(inside).catch(() => false));
  return isInside ? inside : outside;
}
