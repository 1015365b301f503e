/** `EPOCH-N`. Numbers of different epochs say nothing about each other. */

/** Whether an event comes after a cursor. One of another store does: that store has nothing of before. */
export function isAfter(id: string, cursor: string): boolean {
  return !isSameStore(id, cursor) || numberOf(id) > numberOf(cursor);
}

/** Without the change's number, which is one stream's own. */
export function plain(id: string): string {
  return id.split('.')[0] as string;
}

export function isSameStore(one: string, other: string): boolean {
  return one.split('-')[0] === other.split('-')[0];
}

export function epochOf(cursor: string): string {
  return cursor.split('-')[0] as string;
}

export function numberOf(cursor: string): number {
  return Number(cursor.split('-')[1]);
}
