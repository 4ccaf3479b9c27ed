/**
 * What a client program can do, in the words of scripts, and what it says of the outcome.
 */

import {
  type Client,
  CreateMode,
  NoNodeError,
  op,
  type WatchEvent,
  type WriteOp,
} from '../../client/client.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import { serverSpec } from '../simulation/sim-ensemble.ts';

/** Does it; rejects as the client does. */
export async function operate(
  client: Client,
  verb: string,
  words: readonly string[],
  say: (text: string) => void,
): Promise<string> {
  const [path = '/', data = ''] = words;
  switch (verb) {
    case 'create': {
      const mode = modeOf(words);
      const made = await client.createWithStat(path, dataOf(words.slice(1)), { mode });
      return `created ${made.path} at ${formatZxid(made.stat.czxid)}`;
    }
    case 'set': {
      const { mzxid } = await client.setData(path, data);
      return `set ${path} to ${data} at ${formatZxid(mzxid)}`;
    }
    case 'delete':
      await client.delete(path);
      return `deleted ${path}`;
    case 'get': {
      const got = await client.getData(path);
      return `reads ${path}: ${got.data ?? ''} of ${formatZxid(got.stat.mzxid)}`;
    }
    case 'exists':
      return `finds ${(await client.exists(path)) === null ? 'no' : 'a'} ${path}`;
    case 'children': {
      const { children } = await client.getChildren(path);
      return `finds below ${path}: ${children.sort().join(' ') || 'nothing'}`;
    }
    case 'sync':
      await client.sync(path);
      return 'is in sync';
    case 'multi': {
      const ops = words.join(' ').split(', ').map(multiOp);
      await client.multi(ops);
      return `did all ${ops.length}`;
    }
    case 'watch':
      return watch(client, words, say);
    case 'reconfig': {
      const { data: text } = await client.reconfig(changeOf(words));
      return `made the members ${members(`${text}`)}`;
    }
    case 'config':
      return `reads the members ${members(`${(await client.getConfig()).data}`)}`;
    case 'close':
      await client.close();
      return 'has ended its session';
    default:
      throw new Error(`scenario: a client cannot ${verb}`);
  }
}

function modeOf(words: readonly string[]): CreateMode {
  const [isEphemeral, isSequential] = ['ephemeral', 'sequential'].map((one) => words.includes(one));
  if (isEphemeral && isSequential) return CreateMode.ephemeralSequential;
  if (isEphemeral) return CreateMode.ephemeral;
  return isSequential ? CreateMode.persistentSequential : CreateMode.persistent;
}

function dataOf(words: readonly string[]): string {
  return words.find((word) => word !== 'ephemeral' && word !== 'sequential') ?? '';
}

function multiOp(text: string): WriteOp {
  const [verb, path = '', word = ''] = text.split(' ');
  if (verb === 'create') return op.create(path, word);
  if (verb === 'delete') return op.delete(path);
  if (verb === 'set') return op.setData(path, word);
  if (verb === 'check') return op.check(path, Number(word));
  throw new Error(`scenario: a multi cannot ${verb}`);
}

/** One-shot on data or on being there; or persistent, or recursive, for children. */
async function watch(
  client: Client,
  [path = '/', kind = 'once']: readonly string[],
  say: (text: string) => void,
): Promise<string> {
  const listener = (event: WatchEvent) => say(`sees ${showEvent(event)}`);
  if (kind === 'children') await client.getChildren(path, { watch: listener });
  else if (kind === 'persistent' || kind === 'recursive') {
    await client.addWatch(path, kind, listener);
  } else {
    try {
      await client.getData(path, { watch: listener });
    } catch (failure) {
      if (!(failure instanceof NoNodeError)) throw failure;
      await client.exists(path, { watch: listener });
    }
  }
  return `watches ${path}`;
}

function showEvent(event: WatchEvent): string {
  if (event.type === 'gap') return `a gap (${event.reason}) at ${event.path}`;
  if (event.type === 'lost') return `its watch of ${event.path} lost`;
  const { zxid } = event;
  return `${event.path}: ${event.type}${zxid === null ? '' : ` at ${formatZxid(zxid)}`}`;
}

/** `join 4 as observer`, `leave 3`. */
function changeOf(words: readonly string[]): { joining?: string; leaving?: string } {
  const [, verb, sid, part] = /^(join|leave) (\d+)(?: as (voter|observer))?$/.exec(
    words.join(' '),
  )!;
  if (verb === 'leave') return { leaving: sid! };
  return { joining: `server.${sid}=${serverSpec(Number(sid), part !== 'observer')}` };
}

/** `1 2 3, observer 4; version 0x100000000`. */
function members(text: string): string {
  const servers = [...text.matchAll(/^server\.(\d+)=\S*:(participant|observer)/gm)];
  const of = (type: string) => servers.filter((one) => one[2] === type).map((one) => one[1]);
  const version = /^version=(\w+)/m.exec(text)?.[1];
  const observers = of('observer');
  const others = observers.length === 0 ? '' : `, observing ${observers.join(' ')}`;
  return `${of('participant').join(' ')}${others}; version 0x${version}`;
}
