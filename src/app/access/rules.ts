import { matches, patternProblem } from '../../contract/channel.ts';

/** `allow read room-* to s3cret`: a read rule restricts what it names to those whom rules allow it; a write rule adds. */
export interface AccessRule {
  readonly right: 'read' | 'write';
  readonly channels: string;
  /** undefined: anyone. */
  readonly token: string | undefined;
}

const RULE = /^allow\s+(read|write)\s+(\S+)\s+to\s+(\S+)$/;

export function parseRules(text: string): { rules: AccessRule[]; problems: string[] } {
  const rules: AccessRule[] = [];
  const problems: string[] = [];
  for (const [i, part] of text
    .split(/[;\n]/)
    .map((rule) => rule.trim())
    .entries()) {
    if (part === '') continue;
    const found = RULE.exec(part);
    const [, right, channels = '', token] = found ?? [];
    const problem = found
      ? patternProblem(channels)
      : 'It must read `allow read|write CHANNEL to TOKEN|anyone`.';
    // The rule itself is not repeated: it may hold a token.
    if (problem) problems.push(`ACCESS_RULES, rule ${i + 1}: ${problem}`);
    else
      rules.push({
        right: right as 'read' | 'write',
        channels,
        token: token === 'anyone' ? undefined : token,
      });
  }
  return { rules, problems };
}

/** Whether any rule speaks of this token at all. */
export function knowsToken(rules: readonly AccessRule[], token: string): boolean {
  return rules.some((rule) => rule.token === token);
}

/** Whether one may listen to a channel or a pattern. What no read rule names is open to all. */
export function mayRead(rules: readonly AccessRule[], name: string, token: string | undefined): boolean {
  const reading = rules.filter(({ right }) => right === 'read');
  const allowed = reading.filter((rule) => rule.token === undefined || rule.token === token);
  // Each restriction that the name touches must be covered by what this token is allowed: a pattern must not be a way around.
  return reading
    .filter((rule) => overlap(rule.channels, name))
    .every((rule) =>
      allowed.some((own) => matches(own.channels, rule.channels) || matches(own.channels, name)),
    );
}

export function mayWrite(rules: readonly AccessRule[], channel: string, token: string | undefined): boolean {
  return rules.some(
    (rule) =>
      rule.right === 'write' &&
      matches(rule.channels, channel) &&
      (rule.token === undefined || rule.token === token),
  );
}

/** Whether some channel is meant by both patterns. */
export function overlap(a: string, b: string): boolean {
  // reach[j]: the part of a read so far and the first j characters of b can stand for the same text.
  let reach = [true];
  for (let j = 0; j < b.length; j++) reach.push((reach[j] as boolean) && b[j] === '*');
  for (const char of a) {
    const next = [(reach[0] as boolean) && char === '*'];
    for (let j = 0; j < b.length; j++) {
      const star = char === '*' || b[j] === '*';
      const either = (next[j] as boolean) || (reach[j + 1] as boolean);
      next.push(star ? either || (reach[j] as boolean) : (reach[j] as boolean) && char === b[j]);
    }
    reach = next;
  }
  return reach[b.length] as boolean;
}
