import type { WirePublished } from '../wire.ts';
import { part } from './element.ts';
import type { Key } from './key.ts';
import { type Post, Refusal } from './post.ts';

/** The form that publishes an event. */
export class Publish {
  readonly #form: HTMLFormElement;
  readonly #said: HTMLElement;
  readonly #post: Post;

  constructor(root: HTMLDetailsElement, post: Post, key: Key) {
    this.#post = post;
    this.#form = root.querySelector('form') as HTMLFormElement;
    this.#said = part(root, 'said');
    // On a phone the events come first.
    root.open = matchMedia('(min-width: 60rem)').matches;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#publish();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
    });
    const forget = part(root, 'forget');
    forget.addEventListener('click', () => key.forget());
    key.watch((known) => {
      forget.hidden = !known;
    });
  }

  async #publish(): Promise<void> {
    const values = new FormData(this.#form);
    const event = String(values.get('event'));
    this.#mark(undefined);
    this.#say('');
    try {
      const { id, streams } = await this.#post.send<WirePublished>('/events', {
        channel: String(values.get('channel')),
        ...(event !== '' && { event }),
        data: String(values.get('data')),
      });
      this.#say(`Kept as ${id}, sent to ${streams} ${streams === 1 ? 'stream' : 'streams'}.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#say(error.message, true);
      this.#mark(error.field);
    }
  }

  #say(text: string, wrong = false): void {
    this.#said.textContent = text;
    this.#said.classList.toggle('wrong', wrong);
  }

  /** Shows which field was wrong, and goes there. */
  #mark(field: string | undefined): void {
    for (const name of ['channel', 'event', 'data']) {
      const input = this.#form.elements.namedItem(name) as HTMLElement;
      if (name === field) {
        input.setAttribute('aria-invalid', 'true');
        input.setAttribute('aria-describedby', this.#said.id);
        input.focus();
      } else {
        input.removeAttribute('aria-invalid');
        input.removeAttribute('aria-describedby');
      }
    }
  }
}
