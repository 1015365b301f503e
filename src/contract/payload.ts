import { isReservedName, MESSAGE, nameShapeProblem } from './event.ts';
import { memberText } from './memberText.ts';

/** What a raw publish means. */
export interface Payload {
  readonly name: string;
  readonly data: string;
  /** The text as it came, when the data is only a part of it. */
  readonly raw?: string;
  /** A reserved name was asked for, and the event is a message instead. */
  readonly renamed?: true;
}

const OBJECT_MEMBERS = new Set(['data', 'type', 'event', 'id', 'retry']);

/**
 * Reads what somebody published on a Redis channel. Three shapes are known, those of the systems whose publishers work
 * here unchanged; whatever else it is, the text itself is the message. Nothing that is published is an error.
 */
export function parsePayload(text: string): Payload {
  const value = parseJson(text);
  if (Array.isArray(value)) return fromPair(value, text) ?? { name: MESSAGE, data: text };
  if (typeof value === 'object' && value !== null)
    return fromObject(value, text) ?? { name: MESSAGE, data: text };
  return { name: MESSAGE, data: text };
}

/** `["name", "data"]` or `["name", ["line", "line"]]`: Flask-SSE, django-sse. */
function fromPair(value: unknown[], text: string): Payload | undefined {
  const [name, data] = value;
  if (value.length !== 2 || typeof name !== 'string') return undefined;
  if (typeof data === 'string') return named(name, data, text);
  if (isStrings(data)) return named(name, data.join('\n'), text);
  return undefined;
}

/** `{"data": any, "type"?, "id"?, "retry"?}`: flask-sse 1.x. Its id and retry are not ours to follow. */
function fromObject(value: object, text: string): Payload | undefined {
  const members = value as Record<string, unknown>;
  if (!Object.hasOwn(members, 'data')) return undefined;
  if (!Object.keys(members).every((key) => OBJECT_MEMBERS.has(key))) return undefined;
  const name = members.type ?? members.event ?? MESSAGE;
  if (typeof name !== 'string') return undefined;
  const data = members.data;
  return named(name, typeof data === 'string' ? data : (memberText(text, 'data') as string), text);
}

function named(name: string, data: string, raw: string): Payload | undefined {
  if (name === '' || name === MESSAGE) return { name: MESSAGE, data, raw };
  if (isReservedName(name)) return { name: MESSAGE, data, raw, renamed: true };
  return nameShapeProblem(name) ? undefined : { name, data, raw };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseJson(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== '[' && first !== '{') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
