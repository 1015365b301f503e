import type { WirePublished } from '../wire.ts';
import { part, write } from './element.ts';
import { copy } from './events/clipboard.ts';
import { publishCommand } from './events/curl.ts';
import { jsonHint } from './jsonHint.ts';
import type { Key } from './key.ts';
import { type Post, Refusal } from './post.ts';

/** What is typed is judged when the typing pauses. */
const PAUSE_MS = 500;

const FIELDS = ['channel', 'event', 'data'] as const;

/** The form that publishes an event. */
export class Publish {
  readonly #form: HTMLFormElement;
  readonly #said: HTMLElement;
  readonly #hint: HTMLElement;
  readonly #post: Post;
  readonly #key: Key;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLDetailsElement, post: Post, key: Key) {
    this.#post = post;
    this.#key = key;
    this.#form = root.querySelector('form') as HTMLFormElement;
    this.#said = part(root, 'said');
    this.#hint = part(root, 'hint');
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#publish();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      // Else what has the focus may send the form as well, and a key that is held down sends it again and again.
      event.preventDefault();
      if (!event.repeat) this.#form.requestSubmit();
    });
    this.#field('data').addEventListener('input', () => this.#judge());
    part(root, 'curl').addEventListener('click', () => void this.#copy());
    const forget = part(root, 'forget');
    forget.addEventListener('click', () => key.forget());
    key.watch((known) => {
      forget.hidden = !known;
    });
  }

  async #publish(): Promise<void> {
    this.#mark(undefined);
    this.#say('');
    try {
      const { id, streams } = await this.#post.send<WirePublished>('/events', this.#event());
      this.#say(`Kept as ${id}, ${heardBy(streams)}.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#say(error.message, true);
      this.#mark(error.field);
    }
  }

  async #copy(): Promise<void> {
    const { channel, event: name = 'message', data } = this.#event();
    const event = { channel, name, data, id: '', at: 0 };
    if (await copy(publishCommand(location.origin, event, { withKey: this.#key.value !== '' })))
      this.#say('Copied. It does in a shell what this form does.');
  }

  #event(): { channel: string; event?: string; data: string } {
    const [channel, event, data] = FIELDS.map((name) => this.#field(name).value) as [string, string, string];
    return { channel, ...(event !== '' && { event }), data };
  }

  #judge(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      write(this.#hint, jsonHint(this.#field('data').value));
    }, PAUSE_MS);
  }

  #say(text: string, wrong = false): void {
    this.#said.textContent = text;
    this.#said.classList.toggle('wrong', wrong);
  }

  /** Shows which field was wrong, and goes there. */
  #mark(field: string | undefined): void {
    for (const name of FIELDS) {
      const input = this.#field(name);
      const usual = name === 'data' ? this.#hint.id : undefined;
      if (name === field) {
        input.setAttribute('aria-invalid', 'true');
        input.setAttribute('aria-describedby', [this.#said.id, usual].filter(Boolean).join(' '));
        input.focus();
      } else {
        input.removeAttribute('aria-invalid');
        if (usual) input.setAttribute('aria-describedby', usual);
        else input.removeAttribute('aria-describedby');
      }
    }
  }

  #field(name: (typeof FIELDS)[number]): HTMLInputElement | HTMLTextAreaElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement | HTMLTextAreaElement;
  }
}

function heardBy(streams: number | null): string {
  if (streams === null) return 'and nobody knows how many streams heard it';
  return `sent to ${streams} ${streams === 1 ? 'stream' : 'streams'}`;
}
