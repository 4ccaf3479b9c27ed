/**
 * The four-letter words (spec 5.1): plain text on the client port for people, probes, exporters.
 * Knows which words there are, who may ask for them and when; what they say is written in the
 * files words-*.ts. Every answer has the shape that ZooKeeper 3.8 gives it, byte by byte.
 */

import { assert } from '../protocol/assert.ts';
import type { ProcessFacts } from './process-facts.ts';
import type { ReplicaView } from './replica-view.ts';
import { dumpLines } from './words-dump.ts';
import { configuration, directories, environment, versionText } from './words-environment.ts';
import { monitorLines } from './words-monitor.ts';
import {
  connectionLines,
  resetConnections,
  resetServer,
  serverLines,
  statusLines,
} from './words-stat.ts';
import { watchesByPath, watchesBySession, watchSummary } from './words-watches.ts';

type Answer = (view: ReplicaView, facts: ProcessFacts) => string;

/** Words about what is served: without service there is nothing to tell. */
const servingWords: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['srvr', (view, facts) => serverLines(view, versionText(facts))],
  ['stat', (view, facts) => statusLines(view, versionText(facts))],
  ['mntr', monitorLines],
  ['conf', configuration],
  ['cons', connectionLines],
  ['crst', resetConnections],
  ['srst', resetServer],
  ['dump', dumpLines],
  ['dirs', directories],
  ['wchs', watchSummary],
  ['wchc', watchesBySession],
  ['wchp', watchesByPath],
  ['hash', digestLines],
]);
/** Words that are answered at any time. */
const constantWords: ReadonlySet<string> = new Set(['ruok', 'envi', 'isro', 'gtmk', 'stmk']);

const notServing = 'This ZooKeeper instance is not currently serving requests\n';
const traceMaskBytes = 8;
const traceMaskDefault = 306n;

export class FourLetterWords {
  readonly #view: ReplicaView;
  readonly #facts: ProcessFacts;
  /** Divergence: kept for those who ask, and nothing is traced by it. */
  #traceMask = traceMaskDefault;

  constructor(view: ReplicaView, facts: ProcessFacts) {
    this.#view = view;
    this.#facts = facts;
  }

  isWord(word: string): boolean {
    return servingWords.has(word) || constantWords.has(word);
  }

  /** All that is sent to whoever sent `word` and, behind it, `argument`. */
  answer(word: string, argument: Buffer): string {
    const { fourLetterWords } = this.#view.settings;
    if (fourLetterWords !== 'all' && !fourLetterWords.has(word)) {
      return `${word} is not executed because it is not in the whitelist.\n`;
    }
    switch (word) {
      case 'ruok':
        return 'imok';
      case 'envi':
        return environment(this.#facts);
      case 'isro':
        return this.#access();
      case 'gtmk':
        return String(this.#traceMask);
      case 'stmk':
        return this.#setTraceMask(argument);
    }
    const answer = servingWords.get(word);
    assert(answer !== undefined, 'words: only known words are answered');
    return this.#view.isServing() ? answer(this.#view, this.#facts) : notServing;
  }

  #access(): string {
    if (!this.#view.isServing()) return 'null';
    return this.#view.mode() === 'read-only' ? 'ro' : 'rw';
  }

  /** Too short an argument changes nothing and is answered with nothing. */
  #setTraceMask(argument: Buffer): string {
    if (argument.length < traceMaskBytes) return '';
    this.#traceMask = argument.readBigInt64BE(0);
    return String(this.#traceMask);
  }
}

/** zxid in hexadecimal digits, digest in decimal ones. */
function digestLines(view: ReplicaView): string {
  return view
    .digests()
    .map(({ zxid, digest }) => `${zxid.toString(16)}: ${digest}\n`)
    .join('');
}
