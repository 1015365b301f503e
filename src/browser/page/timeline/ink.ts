import { el } from '../element.ts';

/** The colours of the plot, as the stylesheet has them at the moment. */
export interface Ink {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly edge: string;
  readonly lamp: string;
  readonly tint: string;
  readonly wait: string;
  readonly panel: string;
  readonly font: string;
}

const SCHEMES = ['(prefers-color-scheme: dark)', '(forced-colors: active)'];

export class InkPot {
  readonly #probe = el('span', { hidden: '' });
  #ink: Ink | undefined;

  /** `changed`: the colours are others now. */
  constructor(root: HTMLElement, changed: () => void) {
    root.append(this.#probe);
    // Where the system chooses the colours, it would make all of them that of text.
    this.#probe.style.setProperty('forced-color-adjust', 'none');
    for (const scheme of SCHEMES) {
      matchMedia(scheme).addEventListener('change', () => {
        this.#ink = undefined;
        changed();
      });
    }
  }

  get ink(): Ink {
    this.#ink ??= {
      ink: this.#read('--plot-ink'),
      soft: this.#read('--plot-soft'),
      line: this.#read('--plot-line'),
      edge: this.#read('--plot-edge'),
      lamp: this.#read('--plot-lamp'),
      tint: this.#read('--plot-tint'),
      wait: this.#read('--plot-wait'),
      panel: this.#read('--plot-panel'),
      font: getComputedStyle(this.#probe).fontFamily,
    };
    return this.#ink;
  }

  /** As an element has it: a canvas knows neither variables nor what the system makes of colours. */
  #read(name: string): string {
    this.#probe.style.color = `var(${name})`;
    return getComputedStyle(this.#probe).color;
  }
}
