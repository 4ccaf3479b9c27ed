/**
 * What really happened, as lines of a transcript: roles as the replicas say them, frames that
 * somebody wants to be told of, what clients learn. Lines of one command stand sorted by whom they
 * are about, and for each in the order in which they happened: so chance in delays does not show.
 */

import { packetHeaderBytes } from '../../protocol/packet.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import { remedy } from '../../storage/storage-error.ts';
import type { Schedule } from '../simulation/schedule.ts';
import { Trace } from '../simulation/trace.ts';
import { describeFrame, rangeOf, type SeenFrame, showRange } from './frame-names.ts';

/** How a learner is brought to its leader's history over the present link. */
interface Sync {
  leader: number;
  cutTo: number | null;
  diff: { first: number; last: number } | null;
}

type Fields = { readonly [name: string]: unknown };

const columnsMax = 100;
/** Where clients stand in the order of lines: behind all replicas. */
const clientRank = 1000;
const violatedRank = -1;

export class Chronicle extends Trace {
  /** Frames by name that are told of, and ELECTED. */
  readonly told = new Set<string>();
  /** By replica and machine: its state, for those who wait for one. */
  readonly states = new Map<string, string>();
  readonly #lines: { readonly rank: number; readonly text: string }[] = [];
  readonly #syncs = new Map<number, Sync>();
  readonly #roles = new Map<number, string>();

  constructor(schedule: Schedule) {
    super(schedule, false);
  }

  /** All lines since it was asked last. */
  take(): string[] {
    const lines = this.#lines.splice(0).sort((a, b) => a.rank - b.rank);
    return lines.map(({ text }) => text);
  }

  /** Forgets what replicas did, but for what may never happen. */
  passOver(): void {
    const kept = this.#lines.filter(({ rank }) => rank === violatedRank || rank >= clientRank);
    this.#lines.splice(0, this.#lines.length, ...kept);
  }

  violated(invariant: string, text: string): void {
    this.add(violatedRank, `VIOLATED ${invariant}: ${text}`);
  }

  add(rank: number, text: string): void {
    for (const line of wrapped(text)) this.#lines.push({ rank, text: line });
  }

  client(name: string, text: string): void {
    this.add(clientRank + Number(name.slice(1)), `${name} ${text}`);
  }

  frame(frame: SeenFrame): void {
    const { from, to, name } = frame;
    this.#noteSync(frame);
    if (!this.told.has(name)) return;
    // Frames of one pair stand together, before what became of them.
    const pair = Math.min(from, to) * 30 + Math.max(from, to);
    frame.body.reset(frame.body.buffer, packetHeaderBytes, frame.body.end);
    this.add(pair / clientRank, `${from} to ${to}: ${describeFrame(frame)}`);
  }

  #noteSync({ from, to, name, body }: SeenFrame): void {
    if (name === 'LEADERINFO') this.#syncs.set(to, { leader: from, cutTo: null, diff: null });
    if (name === 'SNAP') {
      const { zxid } = JSON.parse(body.string() ?? '{}') as { zxid: number };
      this.add(to, `${to} gets a SNAP of ${formatZxid(zxid)} from ${from}`);
    }
    if (name === 'POSITION') {
      const sync = this.#syncs.get(from);
      if (sync !== undefined) sync.cutTo = body.long();
    }
    if (name !== 'DIFF') return;
    body.boolean();
    body.long();
    const { first, last } = rangeOf(body);
    const sync = this.#syncs.get(to);
    if (sync !== undefined) sync.diff = { first: sync.diff?.first ?? first, last };
  }

  #describeSync(sid: number): string {
    const { cutTo = null, diff = null } = this.#syncs.get(sid) ?? {};
    const cut = cutTo === null ? [] : [`TRUNC to ${formatZxid(cutTo)}`];
    if (diff !== null) cut.push(`DIFF of ${showRange(diff)}`);
    return cut.length === 0 ? 'with nothing to catch up' : `by ${cut.join(' and ')}`;
  }

  override say(who: string | number, what: string): void {
    super.say(who, what);
    if (typeof who !== 'number') return;
    const [, verb, rest] = /^(\w+) (.*)$/s.exec(what) ?? [];
    if (verb === 'turns') this.#turned(who, rest!);
    else if (what.startsWith('is killed')) this.#forget(who);
    else if (verb === 'refuses')
      this.add(who, `${who} refuses to start: ${rest!.replace(`; ${remedy}`, '')}`);
    else if (verb === 'says') {
      const [, message, json] = /^(.*?)(?: (\{.*\}))?$/s.exec(rest!) ?? [];
      this.#said(who, message!, JSON.parse(json ?? '{}') as Fields);
    }
  }

  /** Its machines are gone. */
  #forget(sid: number): void {
    for (const key of this.states.keys()) if (key.startsWith(`${sid} `)) this.states.delete(key);
  }

  #turned(sid: number, rest: string): void {
    const [, machine, state] = /^(\w+) .* to (\S+)$/.exec(rest) ?? [];
    if (machine === undefined) return;
    this.states.set(`${sid} ${machine}`, state!);
    if (machine !== 'peer') return;
    if (state === 'member.looking.readOnly') this.add(sid, `${sid} serves read-only`);
    if (state === 'member.looking.lonely') {
      this.add(sid, `${sid} finds no leader and lets its clients go`);
    }
  }

  #said(sid: number, message: string, fields: Fields): void {
    const { leader, epoch, role, reason } = fields;
    switch (message) {
      case 'elected':
        this.#roles.set(sid, role === 'observing' ? 'observes' : 'follows');
        if (this.told.has('ELECTED')) this.add(sid, `${sid} is ${role} ${leader} by election`);
        break;
      case 'established':
        if (leader === sid) this.add(sid, `${sid} leads epoch ${epoch}`);
        else {
          const how = this.#describeSync(sid);
          this.add(sid, `${sid} ${this.#roles.get(sid)} ${leader} in epoch ${epoch}, ${how}`);
        }
        break;
      case 'leading no more':
        this.add(sid, `${sid} leads no more: ${reason}`);
        break;
      case 'the link to the leader is over':
        this.add(sid, `${sid} leaves ${leader}: ${reason}`);
        break;
      case 'a learner is lost':
        this.add(sid, `${sid} gives up ${fields['sid']}: ${reason}`);
        break;
      case 'this replica ends: its storage failed':
        this.add(sid, `${sid} ends: ${reason}`);
        break;
      case 'the tree of a replica differs from ours':
        this.add(sid, `${sid} finds that the tree of ${fields['sid']} differs`);
        break;
      case 'a snapshot of the leader takes the place of all that was here':
        this.add(sid, `${sid} begins anew from it`);
        break;
    }
  }
}

/** Long lines go on below, at a comma where there is one. */
function wrapped(text: string): string[] {
  if (text.length <= columnsMax) return [text];
  const space = text.lastIndexOf(' ', columnsMax);
  const comma = text.lastIndexOf(', ', columnsMax - 1);
  const end = comma > columnsMax / 2 ? comma + 1 : space;
  return [text.slice(0, end), ...wrapped(`  ${text.slice(end + 1)}`)];
}
