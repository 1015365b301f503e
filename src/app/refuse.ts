/** A request that is answered with an error: a sentence that says what to do, and the field that it is about. */
export class Refusal extends Error {
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, message: string, field?: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.field = field;
  }
}

export function refuse(status: number, message: string, field?: string): Refusal {
  return new Refusal(status, message, field);
}
