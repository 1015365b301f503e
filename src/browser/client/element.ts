import type { Pinstream } from './api.ts';
import { Stream } from './stream.ts';

/** What an element asks for: its attributes, as in cyclone_sse's plugin. */
interface Wishes {
  readonly address: string | null;
  readonly channels: string | null;
  readonly last: string | null;
  /** `text`: data is not looked into. Else JSON, where it is JSON. */
  readonly type: string | null;
}

/**
 * A stream whose events come to an element: `sse.open`, `sse.message` with the data, `sse.error` with the status. They bubble,
 * so that one listener can hear many.
 */
export function attach(element: Element, { address, channels, last, type }: Wishes): Pinstream {
  const say = (name: string, detail: unknown, cause: unknown = detail) => {
    element.dispatchEvent(new CustomEvent(`sse.${name}`, { bubbles: true, detail }));
    // To jQuery a dot in a name begins something else: its listeners would not hear the element's.
    const { jQuery } = globalThis as {
      jQuery?: (element: Element) => { trigger(name: string, given: unknown[]): void };
    };
    jQuery?.(element).trigger(`sse.${name}`, [detail, cause]);
  };
  let was = '';
  return new Stream({
    channels: (channels ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
    url: streamUrl(address ?? '/'),
    last: Number(last) || 0,
    onStatus: (status) => {
      if (status.state === was) return;
      was = status.state;
      if (was === 'live' || was === 'polling') say('open', status);
      else if (was === 'waiting') say('error', status);
    },
    onEvent: (event) => {
      const read = type === 'text' ? event.data : parsed(event.data);
      // As cyclone_sse has it: an event with a name is the list of both.
      say('message', event.name === 'message' ? read : [event.name, read], event);
    },
  });
}

/** cyclone's own addresses mean the stream beside them. */
function streamUrl(address: string): string {
  const url = new URL(address, location.href);
  url.pathname = url.pathname.replace(/(\/(sse|stream))?\/?$/, '/stream');
  return url.href;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** `<pin-stream channels="button">`, and elements with `data-sse-channels` that are in the page when it is read. */
export function defineElements(): void {
  if (typeof document === 'undefined' || customElements.get('pin-stream')) return;
  customElements.define('pin-stream', element());
  const attachAll = () => {
    for (const one of document.querySelectorAll<HTMLElement>('[data-sse-channels]')) {
      const { sseAddress = null, sseChannels = null, sseLast = null, sseType = null } = one.dataset;
      attach(one, { address: sseAddress, channels: sseChannels, last: sseLast, type: sseType });
    }
  };
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', attachAll);
  else attachAll();
}

/** Made when there are elements at all: the client also runs where there are none. */
function element(): CustomElementConstructor {
  return class extends HTMLElement {
    static readonly observedAttributes = ['address', 'channels', 'last', 'type'];
    /** As it is in use: for `channels.add`, `publish` and the like. */
    stream: Pinstream | undefined;

    connectedCallback(): void {
      const [address, channels, last, type] = ['address', 'channels', 'last', 'type'].map((name) =>
        this.getAttribute(name),
      );
      this.stream?.close();
      this.stream = attach(this, { address, channels, last, type } as Wishes);
    }

    disconnectedCallback(): void {
      this.stream?.close();
      this.stream = undefined;
    }

    attributeChangedCallback(): void {
      if (this.stream) this.connectedCallback();
    }
  };
}
