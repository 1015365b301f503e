import { part, write } from '../element.ts';
import { figure } from '../figure.ts';

/** What came while the list stood still: how much, and the way to it. */
export function showBehind(
  root: HTMLElement,
  { came, forgotten }: { readonly came: number; readonly forgotten: number },
  isPaused: boolean,
): void {
  const words = came > 0 ? `Resume (${figure(came)} new)` : 'Resume';
  write(part(root, 'pause'), isPaused ? words : 'Pause');
  const pill = part(root, 'new');
  pill.hidden = isPaused || came === 0;
  write(pill, `${figure(came)} new`);
  const lost =
    forgotten > 0
      ? `${figure(forgotten)} of the new events are more than this page remembers. The log has them: a search or the download finds them.`
      : '';
  write(part(root, 'forgotten'), lost);
  part(root, 'forgotten').hidden = lost === '';
}
