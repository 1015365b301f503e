/** Ready-made lines for people. */

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The address to type: this machine's own name for itself where it listens on all addresses. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' || isLoopback(host) ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

export function curlEvent(url: string, key?: string): string {
  const bearer = key === undefined ? '' : ` -H 'Authorization: Bearer ${key}'`;
  return `curl${bearer} -H 'Content-Type: application/json' -d '{"channel":"sse","data":"Hello!"}' ${url}/events`;
}

export function curlPress(url: string, pin: string): string {
  return `curl -H 'Content-Type: application/json' -d '{"press":120}' ${url}/pins/${pin}`;
}
