/** What keys do while the plot has the focus. */
export interface KeyActions {
  /** To the mark before or after. */
  step(by: 1 | -1): void;
  /** To the pin above or below. */
  change(by: 1 | -1): void;
  zoom(factor: number): void;
  /** By a part of what is shown; negative: into the past. */
  pan(share: number): void;
  follow(): void;
  leave(): void;
}

/** true: the key was meant for the plot. */
export function act(key: string, shift: boolean, actions: KeyActions): boolean {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      const by = key === 'ArrowLeft' ? -1 : 1;
      if (shift) actions.pan(by / 4);
      else actions.step(by);
      return true;
    }
    case 'ArrowUp':
      actions.change(-1);
      return true;
    case 'ArrowDown':
      actions.change(1);
      return true;
    case '+':
    case '=':
      actions.zoom(0.5);
      return true;
    case '-':
    case '_':
      actions.zoom(2);
      return true;
    case 'PageUp':
      actions.pan(-0.9);
      return true;
    case 'PageDown':
      actions.pan(0.9);
      return true;
    case 'End':
      actions.follow();
      return true;
    case 'Escape':
      actions.leave();
      return true;
    default:
      return false;
  }
}
