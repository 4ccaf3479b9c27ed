/**
 * What the demo ensemble lets a page do to it: kill, pause, cut off and restart. Only the demo has
 * one (cli/ brings it); a replica of a real ensemble never does.
 */

export interface DemoControl {
  /** How it stands, as JSON. */
  status(): object;
  /** Rejects with UnknownAction, or with an Error whose sentence says why it cannot be done now. */
  act(action: string, body: object): Promise<object>;
}

export class UnknownAction extends Error {
  override readonly name = 'UnknownAction';

  constructor(action: string) {
    super(`the demo has no action ${action}`);
  }
}
