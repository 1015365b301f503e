/** As the page says them: `1,201`. */
export function figure(count: number): string {
  return count.toLocaleString('en');
}
