/** Lists that are kept in the order of time. Nearly all that comes is newer than what is there. */

/** Where something that happened then belongs: behind all that is as old or older. */
export function placeOf<Item>(items: readonly Item[], at: number, timeOf: (item: Item) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(items[middle] as Item) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function insert<Item>(items: Item[], item: Item, timeOf: (item: Item) => number): void {
  const at = timeOf(item);
  const last = items.at(-1);
  if (last === undefined || timeOf(last) <= at) items.push(item);
  else items.splice(placeOf(items, at, timeOf), 0, item);
}
