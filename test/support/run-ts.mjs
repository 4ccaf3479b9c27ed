/**
 * Runs our TypeScript in plain Node, without a build: `node --import ./test/support/run-ts.mjs
 * FILE.ts`. With NATSKEEPER_MUTANT ({ file, from, to } as JSON, or a list of such changes) files
 * are changed on their way in; that is the only place where a mutant exists, so that production
 * code cannot reach one.
 */

import { register } from 'node:module';

const mutant = JSON.parse(process.env.NATSKEEPER_MUTANT ?? 'null');
register('./ts-hooks.mjs', import.meta.url, { data: { mutant } });
