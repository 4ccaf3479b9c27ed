/**
 * Questions to a replica, as a page sends them: checked before anything goes on the bus, and fields
 * that no question has are left out. Who looks is said by the server, never by the page.
 */

import { Pattern } from '../../actors/inspect/pattern.ts';
import type { Question, Viewer } from '../../protocol/inspection.ts';
import { questionFault } from '../../protocol/question.ts';
import type { JsonObject } from './json-fields.ts';
import { Refusal } from './refusal.ts';

const badRequest = 400;

/** @throws Refusal that says what is wrong */
export function questionOf(body: JsonObject, viewer: Viewer): Question {
  const { what, text, isRegex, id, by, path, root, offset, limit } = body;
  const asked = { what, text, isRegex, in: body.in, id, by, path, root, offset, limit, viewer };
  const fault = questionFault(asked) ?? (isRegex === true ? patternFault(String(text)) : null);
  if (fault !== null) throw new Refusal(badRequest, fault);
  // What has no fault is a question, as protocol/question.ts says.
  return asked as Question;
}

/** As the replica will read it: said here, so that it is the page's fault and not the replica's. */
function patternFault(text: string): string | null {
  try {
    new Pattern(text);
    return null;
  } catch (failure) {
    return `"text": ${(failure as Error).message}`;
  }
}
