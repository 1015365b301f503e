/** Sends how long the button is to stay down from now on, 0: let go. false: it was not done, and somebody was told why. */
export type SendHold = (ms: number) => Promise<boolean>;

/** A dead man's handle: who vanishes has let go of the button after this. */
const HELD_MS = 1_500;
const REPEAT_MS = 500;
/** Shorter than this, and the debounce would take a tap for a bouncing contact. */
const LEAST_MS = 60;
/** Downs and ups that a slow server has not taken yet; of more, the oldest pair is left out. */
const MOST_WAITING = 8;

/**
 * A finger on a button of the mock. Each down and up goes out in its order, one request at a time: a later one could overtake
 * it, and a button that was let go would stay down.
 */
export class Hold {
  readonly #send: SendHold;
  readonly #shown: (down: boolean) => void;
  #finger = false;
  /** What has been sent last. */
  #held = false;
  #waiting: boolean[] = [];
  #running = false;
  #wake = () => {};

  /** `shown` is called whenever the finger goes down or up. */
  constructor(send: SendHold, shown: (down: boolean) => void) {
    this.#send = send;
    this.#shown = shown;
  }

  press(): void {
    this.#move(true);
  }

  letGo(): void {
    this.#move(false);
  }

  #move(down: boolean): void {
    if (down === this.#finger) return;
    this.#finger = down;
    this.#shown(down);
    this.#waiting.push(down);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(0, 2);
    this.#wake();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#held || this.#waiting.length > 0) {
      this.#held = this.#waiting.shift() ?? this.#held;
      if (await this.#send(this.#held ? HELD_MS : 0)) await this.#rest();
      else this.#giveUp();
    }
    this.#running = false;
  }

  /** Until the next request: what was sent stands for a moment, and then until the finger moves or time runs short. */
  async #rest(): Promise<void> {
    await pause(LEAST_MS);
    if (!this.#held || this.#waiting.length > 0) return;
    const moved = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const timer = setTimeout(this.#wake, REPEAT_MS - LEAST_MS);
    await moved;
    clearTimeout(timer);
  }

  #giveUp(): void {
    this.#waiting = [];
    this.#held = false;
    if (!this.#finger) return;
    this.#finger = false;
    this.#shown(false);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
