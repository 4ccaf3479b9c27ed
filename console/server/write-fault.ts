/**
 * Why a write was not done, as HTTP has it: one status and one sentence for each error that the
 * client may end with.
 */

import { ErrorCode, ZooKeeperError } from '../../client/client.ts';
import { Refusal } from './refusal.ts';
import type { WriteRequest } from './write-request.ts';

type Fault = readonly [status: number, sentence: (request: WriteRequest) => string];

const E = ErrorCode;
const unsure = 'so it may have been done, or not: look before you try again';

const faults: ReadonlyMap<number, Fault> = new Map<number, Fault>([
  [E.badVersion, [409, ({ path, version }) => `${path} is not at version ${version} any more`]],
  [E.nodeExists, [409, ({ path }) => `${path} exists already`]],
  [E.notEmpty, [409, ({ path }) => `${path} has children`]],
  [E.noChildrenForEphemerals, [409, () => 'the parent is ephemeral and has no children']],
  [
    E.noNode,
    [404, ({ op, path }) => `${op === 'create' ? `the parent of ${path}` : path} does not exist`],
  ],
  [E.noAuth, [403, ({ path }) => `the ACL does not permit this at ${path}`]],
  [E.authFailed, [403, () => 'the credentials were refused']],
  [E.sessionClosedRequireSaslAuth, [403, () => 'the ensemble takes SASL logins only']],
  [E.quotaExceeded, [403, ({ path }) => `a quota above ${path} is used up`]],
  [E.invalidAcl, [400, () => 'the ACL is not valid']],
  [E.unimplemented, [501, ({ kind }) => `the ensemble offers no znodes of the kind ${kind}`]],
  [E.connectionLoss, [503, () => `the connection was lost, ${unsure}`]],
  [E.operationTimeout, [503, () => `there was no answer in time, ${unsure}`]],
  [E.sessionExpired, [503, () => `the session was lost, ${unsure}`]],
  [E.notReadOnly, [503, () => 'the replica has no quorum and takes no writes now']],
  [E.throttledOp, [503, () => 'the ensemble has too much to do']],
]);
const badRequest = 400;

/** What to say of a failure; anything that is no error of ZooKeeper's is thrown on as it is. */
export function writeFault(failure: unknown, request: WriteRequest): unknown {
  if (!(failure instanceof ZooKeeperError)) return failure;
  const fault = faults.get(failure.code);
  if (fault === undefined) return new Refusal(badRequest, failure.message);
  const [status, sentence] = fault;
  return new Refusal(status, sentence(request));
}
