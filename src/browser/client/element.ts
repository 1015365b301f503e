import type { Pinstream } from './api.ts';
import { createStream } from './stream.ts';

/**
 * A stream whose events come to an element: `sse.open`, `sse.message` with the data, `sse.error` with the status. They bubble,
 * so that one listener can hear many. `read` answers with an attribute: `channels`, and as it may be `address`, `last` and `type`.
 */
function attach(element: Element, read: (name: string) => string | null): Pinstream {
  const say = (name: string, detail: unknown) =>
    element.dispatchEvent(new CustomEvent(`sse.${name}`, { bubbles: true, detail }));
  // cyclone's own addresses mean the stream beside them.
  const url = new URL(read('address') ?? '/', location.href);
  url.pathname = url.pathname.replace(/(\/(sse|stream))?\/?$/, '/stream');
  let was = '';
  return createStream({
    url: url.href,
    channels: (read('channels') ?? '').split(/ *, */).filter(Boolean),
    last: Number(read('last')),
    onStatus(status) {
      const now = status.state === 'waiting' ? 'error' : /live|poll/.test(status.state) ? 'open' : was;
      if (now !== was) say(now, status);
      was = now;
    },
    onEvent({ name, data }) {
      const said = read('type') === 'text' ? data : parsed(data);
      // As cyclone_sse has it: an event with a name is the list of both.
      say('message', name === 'message' ? said : [name, said]);
    },
  });
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
  // Here, since the client also runs where there are no elements.
  class PinStream extends HTMLElement {
    static readonly observedAttributes = ['address', 'channels', 'last', 'type'];
    /** As it is in use: for `channels.add`, `publish` and the like. */
    stream: Pinstream | undefined;

    connectedCallback(): void {
      this.disconnectedCallback();
      this.stream = attach(this, (name) => this.getAttribute(name));
    }

    disconnectedCallback(): void {
      this.stream?.close();
      this.stream = undefined;
    }

    attributeChangedCallback(): void {
      if (this.stream) this.connectedCallback();
    }
  }
  customElements.define('pin-stream', PinStream);
  const attachAll = () => {
    for (const one of document.querySelectorAll('[data-sse-channels]'))
      attach(one, (name) => one.getAttribute(`data-sse-${name}`));
  };
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', attachAll);
  else attachAll();
}
