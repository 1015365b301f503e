/** Times as the person at this browser reads them. */

export function clock(date: Date): { seconds: string; fraction: string } {
  const seconds = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => digits(part, 2))
    .join(':');
  return { seconds, fraction: `.${digits(date.getMilliseconds(), 3)}` };
}

/** Which day, unless it is today. */
export function day(date: Date): string {
  if (date.toDateString() === new Date().toDateString()) return '';
  return `${digits(date.getMonth() + 1, 2)}-${digits(date.getDate(), 2)}`;
}

export function full(date: Date): string {
  const { seconds, fraction } = clock(date);
  return `${date.getFullYear()}-${digits(date.getMonth() + 1, 2)}-${digits(date.getDate(), 2)} ${seconds}${fraction}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
