/**
 * A session is a word that a client puts into its stream's address, so that the channels of that stream can be changed. Who
 * knows it may change them: so it has to be random, and long enough that nobody finds it by trying.
 */

/** 22 characters of base64url are 128 bits. */
const SESSION = /^[A-Za-z0-9_-]{22,64}$/;

/** Why a text can't be a session, as a sentence; undefined when it can. */
export function sessionProblem(text: string): string | undefined {
  if (SESSION.test(text)) return undefined;
  return 'A session is a random word of 22 to 64 characters of A-Z, a-z, 0-9, _ and -: 128 random bits or more.';
}
