/** What is probably meant as JSON and is none: it may be sent all the same, as the text that it is. Empty: nothing to say. */
export function jsonHint(text: string): string {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return '';
  try {
    JSON.parse(trimmed);
    return '';
  } catch {
    return `This looks like JSON, but ${reasonFor(trimmed)}. It is sent as text.`;
  }
}

/** Browsers word their errors for programmers, and each in its own way. These are the slips that people make. */
function reasonFor(text: string): string {
  const bare = text.replace(/"(?:\\.|[^"\\])*"/g, '""');
  if (count(bare, '"') % 2 === 1) return 'a quotation mark is not closed';
  if (count(bare, '{') !== count(bare, '}')) return 'its { and } do not match';
  if (count(bare, '[') !== count(bare, ']')) return 'its [ and ] do not match';
  if (/,\s*[}\]]/.test(bare)) return 'a comma stands before its end';
  if (bare.includes("'")) return "texts need double quotation marks, not '";
  if (/[{,]\s*[\w-]+\s*:/.test(bare)) return 'the name of a member has no quotation marks';
  return 'a JSON parser does not take it';
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}
