/**
 * The text of one member's value in a JSON object, exactly as it was written. JSON.parse followed by JSON.stringify would
 * change it: large numbers lose digits, spaces go. The object must be valid JSON. Of equal names the last counts, as in JSON.parse.
 */
export function memberText(json: string, name: string): string | undefined {
  let found: string | undefined;
  let i = json.indexOf('{') + 1;
  for (;;) {
    i = skipSpace(json, i);
    if (json[i] === '}') return found;
    if (json[i] === ',') {
      i = skipSpace(json, i + 1);
    }
    const keyEnd = skipString(json, i);
    const key = JSON.parse(json.slice(i, keyEnd)) as string;
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    i = skipValue(json, start);
    if (key === name) found = json.slice(start, i);
  }
}

function skipSpace(json: string, from: number): number {
  let i = from;
  while (json[i] === ' ' || json[i] === '\n' || json[i] === '\r' || json[i] === '\t') i++;
  return i;
}

function skipString(json: string, from: number): number {
  let i = from + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

function skipValue(json: string, from: number): number {
  let depth = 0;
  let i = from;
  do {
    const c = json[i];
    if (c === '"') {
      i = skipString(json, i);
    } else {
      if (c === '{' || c === '[') depth++;
      if (c === '}' || c === ']') depth--;
      i++;
      if (depth === 0 && c !== '}' && c !== ']') {
        while (i < json.length && !/[\s,}\]]/.test(json[i] as string)) i++;
      }
    }
  } while (depth > 0);
  return i;
}
