/** Which pages of other origins may read. */
export interface Origins {
  /** One that may, if it is known. */
  readonly allowed: string | undefined;
  /** One that nobody has named. */
  readonly foreign: string;
  /** Whether every origin may; undefined: nobody has said. */
  readonly everyone: boolean | undefined;
}

/** From CORS_ORIGINS, and the origin that was named to the doctor. */
export function originsOf(list: readonly string[], named: string | undefined, word: string): Origins {
  return {
    allowed: named ?? list.find((origin) => origin !== '*'),
    foreign: `https://${word}.invalid`,
    everyone: list.length > 0 ? list.includes('*') : undefined,
  };
}
