/**
 * The recorded client programs: what is sent, to servers that are set up how. One program does
 * nearly everything; two small ones need a zoo.cfg of their own.
 */

import { access, superDigest } from './program-access.ts';
import { faults, reconfigured, sessions, withoutIdentity } from './program-faults.ts';
import { multis } from './program-multi.ts';
import { watches } from './program-watches.ts';
import { znodes } from './program-znodes.ts';
import type { Entry } from './script.ts';
import { Script } from './script.ts';

export interface Program {
  readonly name: string;
  /** Lines of zoo.cfg that it needs. */
  readonly config: readonly string[];
  readonly run: (script: Script) => Promise<void>;
}

export type Transcript = { [program: string]: Entry[] };

export const programs: readonly Program[] = [
  {
    name: 'main',
    config: [
      'extendedTypesEnabled=true',
      'enforceQuota=true',
      `DigestAuthenticationProvider.superDigest=${superDigest}`,
    ],
    run: async (script) => {
      const a = await script.client('a', { timeOut: 40_000 });
      await znodes(a);
      await multis(a);
      const b = await script.client('b', { timeOut: 40_000 });
      await watches(script, a, b);
      await access(script, a, b);
      await sessions(script, a);
      await faults(script, a);
      await a.askRaw('close', -11, undefined, { isLast: true });
    },
  },
  {
    name: 'identity required',
    config: ['enforce.auth.enabled=true', 'enforce.auth.schemes=digest'],
    run: withoutIdentity,
  },
  { name: 'reconfig enabled', config: ['reconfigEnabled=true'], run: reconfigured },
];

/** Runs one program against the server on `port`. What breaks it off is its last entry. */
export async function runProgram(program: Program, port: number): Promise<Entry[]> {
  const script = new Script(port);
  try {
    await program.run(script);
  } catch (error) {
    script.add({ step: 'the program broke off', client: '', op: '', got: [String(error)] });
  } finally {
    script.end();
  }
  return script.entries;
}
