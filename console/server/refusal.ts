/**
 * A request that is not done, and why: a status of HTTP and one sentence for whoever asked. The
 * console's server shows no other error; anything else is a fault of ours and stays in the log.
 */

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}
