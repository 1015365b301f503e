/** Ready-made lines for people. */

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

const LOCALHOST = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/** The address to type: this machine's own name for itself where that reaches it. */
export function urlOf(host: string, port: number): string {
  const name = LOCALHOST.has(host) ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

export function curlEvent(url: string, key?: string): string {
  const bearer = key === undefined ? '' : ` -H 'Authorization: Bearer ${key}'`;
  return `curl${bearer} -H 'Content-Type: application/json' -d '{"channel":"sse","data":"Hello!"}' ${url}/events`;
}

export function curlPress(url: string, pin: string): string {
  // What a shell would not leave as it is, besides what a URL wouldn't.
  const path = encodeURIComponent(pin).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `curl -H 'Content-Type: application/json' -d '{"press":120}' ${url}/pins/${path}`;
}
