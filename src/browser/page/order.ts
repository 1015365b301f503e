import { byId } from './element.ts';

/**
 * Wide, channels and the form stand below the device; on a phone they come last. They are moved in the document too: who hears
 * the page, or goes through it with the keyboard, comes by in the order in which it is seen.
 */
export function keepOrder(main: HTMLElement, wide = matchMedia('(min-width: 60rem)')): void {
  const bench = main.querySelector('.bench') as HTMLElement;
  const movable = [byId('channels'), byId('publish')];
  const arrange = () => {
    const focused = document.activeElement;
    (wide.matches ? bench : main).append(...movable);
    // What is moved loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement)
      focused.focus({ preventScroll: true });
  };
  wide.addEventListener('change', arrange);
  if (!wide.matches) arrange();
}
