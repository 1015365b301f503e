import { lookup } from 'node:dns/promises';
import { ask, objectIn, type Target } from './ask.ts';

/** Where Pinstream is when nobody has said: beside nginx in the bundle, on a Pi behind port 80, at `npm start`. */
const PLACES = ['http://nginx', 'http://localhost', 'http://localhost:8080'];
const PATIENCE_MS = 2_000;

/** The first place where Pinstream answers, or what stands in front of it; else the one where most people have it. */
export async function findUrl(certain: Omit<Target, 'url'>, places = PLACES): Promise<Target> {
  const found = await Promise.all(places.map((place) => tryPlace({ ...certain, url: new URL(place) })));
  return found.find((target) => target !== undefined) ?? { ...certain, url: new URL('http://localhost') };
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
 * for the one that is used here; and within the bundle its port is the usual one, whatever it is outside.
 */
async function secured(target: Target): Promise<Target> {
  const [location = ''] = (await ask(target, '/', { within: PATIENCE_MS })).head.all('location');
  const to = URL.canParse(location) ? new URL(location) : undefined;
  if (to?.protocol !== 'https:') return target;
  const there = { ...target, insecure: true };
  const [outside, inside] = [to.origin, `https://${to.hostname}`].map((url) => ({
    ...there,
    url: new URL(url),
  })) as [Target, Target];
  const isInside = !(await answers(outside).catch(() => false)) && (await answers(inside).catch(() => false));
  return isInside ? inside : outside;
}
