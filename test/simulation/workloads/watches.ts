/**
 * Events against what is read: a change that a program reads after it set a watch has been told to
 * it before; a one-shot watch fires once at most, and for a change; a persistent one tells every
 * version between two reads of one connection.
 */

import {
  type Client,
  ErrorCode,
  type Stat,
  type WatchEvent,
  type WatchKind,
} from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/watches';
/** Only their data change. */
const lasting = [`${root}/lasting-0`, `${root}/lasting-1`];
/** They come and go, and so do their children. */
const passing = [`${root}/passing-0`, `${root}/passing-1`];
const child = 'child';
const watcherCount = 3;
const armedMax = 8;
const pauseMs = 60;
const { noNode, nodeExists, notEmpty } = ErrorCode;
const gone = 'gone';

type OneShotKind = Exclude<WatchKind, 'persistent' | 'recursive'>;
const oneShotKinds: readonly OneShotKind[] = ['data', 'exists', 'children'];

interface Armed {
  readonly kind: OneShotKind;
  readonly path: string;
  /** What the read saw that set it. */
  readonly face: string;
  readonly connection: number;
  readonly fired: WatchEvent[];
}

/** Of a persistent watch, at a read: the version, and the events heard about when it was read. */
interface Mark {
  readonly version: number;
  readonly asked: number;
  readonly answered: number;
}

export const makeWatches: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;

  function writing(client: Client): void {
    let writes = 0;
    crew.repeat(pauseMs, async () => {
      const path = random.pick(random.chance(0.5) ? lasting : passing);
      const below = `${path}/${child}${random.below(2)}`;
      const data = `${writes++}`;
      const dice = random.unit();
      const write = () => {
        if (lasting.includes(path) || dice < 0.2) return client.setData(path, data);
        if (dice < 0.4) return client.create(path, data);
        if (dice < 0.6) return client.delete(path);
        return dice < 0.8 ? client.create(below) : client.delete(below);
      };
      await crew.attempt<unknown>(write, noNode, nodeExists, notEmpty);
    });
  }

  /** What a watch of this kind would tell a change of; undefined: nobody answered. */
  async function faceOf(
    client: Client,
    kind: OneShotKind,
    path: string,
    watch?: (event: WatchEvent) => void,
  ): Promise<string | undefined> {
    const options = watch === undefined ? {} : { watch };
    const read = async (): Promise<Stat | null> => {
      if (kind === 'exists') return client.exists(path, options);
      if (kind === 'children') return (await client.getChildren(path, options)).stat;
      return (await client.getData(path, options)).stat;
    };
    const outcome = await crew.attempt(read, noNode);
    if (outcome.kind === 'unknown') return undefined;
    if (outcome.kind === 'refused') return outcome.code === noNode ? gone : undefined;
    const stat = outcome.value;
    if (stat === null) return gone;
    return `${stat.czxid} ${kind === 'children' ? stat.cversion : stat.mzxid}`;
  }

  function oneShots(client: Client, name: string): void {
    let connection = 0;
    client.onState(() => {
      connection++;
    });
    let armed: Armed[] = [];
    crew.repeat(pauseMs, async () => {
      const kind = random.pick(oneShotKinds);
      const path = random.pick([...lasting, ...passing]);
      if (armed.length < armedMax && random.chance(0.5)) {
        const fired: WatchEvent[] = [];
        const before = connection;
        const face = await faceOf(client, kind, path, (event) => fired.push(event));
        // A read that found nothing sets a watch only if it asked for existence.
        const isArmed = face !== undefined && (face !== gone || kind === 'exists');
        if (isArmed) armed.push({ kind, path, face, connection: before, fired });
        return;
      }
      const heardOf = new Map(armed.map((one) => [one, one.fired.length]));
      const asked = connection;
      const face = await faceOf(client, kind, path);
      if (face === undefined) return;
      for (const one of armed.filter((each) => each.kind === kind && each.path === path)) {
        const what = `${kind} watch of ${name} on ${path}, set at ${one.face}`;
        const { length } = one.fired;
        crew.expect(length <= 1, 'C11', () => `the ${what} fired ${length} times`);
        crew.expect(face === one.face || length > 0, 'C12', () => {
          return `the ${what} has not fired, and ${face} is read`;
        });
        const isSame = one.connection === asked && connection === asked;
        // What comes may be gone again.
        const isFalse = isSame && heardOf.get(one)! > 0 && face === one.face && face !== gone;
        crew.expect(!isFalse, 'C11', () => `the ${what} fired without a change`);
      }
      if (armed.some(({ fired }) => fired.length > 1))
        crew.find('C11', `a watch of ${name} fired twice`);
      if (armed.length >= armedMax)
        armed = armed.filter(({ fired }) => fired.length === 0).slice(1);
    });
  }

  function persistent(client: Client, path: string, kind: 'persistent' | 'recursive'): void {
    let events = 0;
    let mark: Mark | null = null;
    let isAdded = false;
    const heard = ({ type }: WatchEvent) => {
      if (type === 'dataChanged') events++;
      else if (type === 'gap' || type === 'lost') mark = null;
      else crew.find('C11', `a ${kind} watch on ${path} tells ${type}`);
    };
    // A gap is told when the connection is there again; nothing counts before it.
    client.onState(() => {
      mark = null;
    });
    crew.repeat(pauseMs, async () => {
      if (!isAdded) {
        const added = await crew.attempt(() => client.addWatch(path, kind, heard));
        isAdded = added.kind === 'acknowledged';
        return;
      }
      const before = mark;
      const asked = events;
      const read = await crew.valueOf(() => client.getData(path));
      if (read === undefined) return;
      const { version } = read.stat;
      const answered = events;
      if (before !== null && mark === before) {
        const changes = version - before.version;
        const text = `${changes} changes of ${path} up to version ${version}`;
        crew.expect(changes <= answered - before.asked, 'C12', () => {
          return `a ${kind} watch has told ${answered - before.asked} of ${text}`;
        });
        crew.expect(changes >= asked - before.answered, 'C11', () => {
          return `a ${kind} watch has told ${asked - before.answered} for ${text}`;
        });
        if (!random.chance(0.1)) return;
      }
      mark = { version, asked, answered };
    });
  }

  return {
    name: 'watches',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const path of lasting) await crew.ensure(first, path);
        if (crew.isStopped) return;
        writing(first);
        for (let at = 0; at < watcherCount; at++) {
          const client = crew.open(crew.someSids());
          oneShots(client, `watcher${at}`);
          const kind = at % 2 === 0 ? 'persistent' : 'recursive';
          persistent(crew.open(crew.someSids()), random.pick(lasting), kind);
        }
      });
    },
    stop: () => crew.stop(),
    // All of it is checked on the way.
    check: () => crew.check(async () => {}),
  };
};
