/** Not to be guessed. Also on plain http, where there is no `randomUUID`. */
export function unique(): string {
  return crypto.getRandomValues(new Uint32Array(5)).join('-');
}
