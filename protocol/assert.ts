/**
 * Assertions that stay on in production. A failed one means that this replica itself is wrong
 * (never that a client or a peer sent nonsense: that is a value, see error-code.ts), so it ends the
 * replica.
 */

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Throws AssertionFailure with `invariant` as its message unless `condition` holds. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) fail(invariant);
}

/** Apart, so that `assert` is small enough to be inlined wherever it stands. */
function fail(invariant: string): never {
  throw new AssertionFailure(`invariant broken: ${invariant}`);
}

/** Marks a branch that the types already exclude. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable value: ${String(value)}`);
}
