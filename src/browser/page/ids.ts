/** An id is `epoch-number`. Numbers of different epochs can't be compared: then what comes later is later. */
export function isAfter(id: string, than: string): boolean {
  const [epoch, number] = cut(id);
  const [thanEpoch, thanNumber] = cut(than);
  return epoch !== thanEpoch || number > thanNumber;
}

function cut(id: string): [string, number] {
  const at = id.lastIndexOf('-');
  return [id.slice(0, at), Number(id.slice(at + 1))];
}
