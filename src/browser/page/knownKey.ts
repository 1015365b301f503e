const STORED_AS = 'pinstream.key';

/** Where the browser doesn't let a page store anything, it is known until the page is left. */
let key = '';
try {
  key = localStorage.getItem(STORED_AS) ?? '';
  // Given or forgotten in another tab, it is so in this one.
  addEventListener('storage', ({ key: changed, newValue }) => {
    if (changed === STORED_AS || changed === null) take(newValue ?? '');
  });
} catch {
  // It begins without one.
}
const listeners: ((key: string) => void)[] = [];

/** The key for publishing, or a token for reading, that this browser remembers; empty: none. */
export function knownKey(): string {
  return key;
}

export function rememberKey(value: string): void {
  try {
    if (value) localStorage.setItem(STORED_AS, value);
    else localStorage.removeItem(STORED_AS);
  } catch {
    // This page knows it all the same.
  }
  take(value);
}

/** Calls at each change, not now. */
export function watchKey(listener: (key: string) => void): void {
  listeners.push(listener);
}

function take(value: string): void {
  if (value === key) return;
  key = value;
  for (const listener of listeners) listener(key);
}
