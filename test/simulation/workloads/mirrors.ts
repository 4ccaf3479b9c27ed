/**
 * Caches of a subtree that others change all the time, kept by each kind of watch, over
 * reconnections and lost sessions: when the changes end, every cache becomes equal to the tree.
 */

import { type Client, ErrorCode, op } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import { differences, Mirror, type MirrorKind, takePicture } from './mirror.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/mirrors';
const top = `${root}/tree`;
const kinds: readonly MirrorKind[] = ['recursive', 'stream', 'oneShot'];
const names = ['a', 'b', 'c'];
const depthMax = 3;
const pauseMs = 90;
const settleMs = 30_000;
const { noNode, nodeExists, notEmpty } = ErrorCode;

export const makeMirrors: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const mirrors: Mirror[] = [];

  function somePath(): string {
    let path = top;
    for (let depth = 1 + random.below(depthMax); depth > 0; depth--)
      path += `/${random.pick(names)}`;
    return path;
  }

  function program(client: Client, name: string): void {
    let writes = 0;
    crew.repeat(pauseMs, async () => {
      const path = somePath();
      const data = `${name}-${writes++}`;
      const dice = random.unit();
      const write = () => {
        if (dice < 0.4) return client.create(path, data);
        if (dice < 0.65) return client.setData(path, data);
        if (dice < 0.9) return client.delete(path);
        const made = [op.create(`${path}-m`, data), op.create(`${path}-m/x`, data)];
        const gone = [op.delete(`${path}-m/x`), op.delete(`${path}-m`)];
        return client.multi(dice < 0.95 ? made : gone);
      };
      await crew.attempt<unknown>(write, noNode, nodeExists, notEmpty);
    });
  }

  return {
    name: 'mirrors',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        await crew.ensure(first, top);
        if (crew.isStopped) return;
        const writers = [first, crew.open(crew.someSids())];
        for (const [at, writer] of writers.entries()) program(writer, `writer${at}`);
        for (const kind of kinds) {
          // Some hear of what they have changed themselves.
          const isWriter = random.chance(0.3);
          const client = isWriter ? random.pick(writers) : crew.open(crew.someSids());
          mirrors.push(new Mirror(crew, client, top, kind));
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        const real = await takePicture(crew, client, top);
        for (const { picture, kind } of mirrors) {
          const isEqual = () => differences(picture, real).length === 0;
          if (await crew.until(settleMs, isEqual)) continue;
          const text = differences(picture, real).join('; ');
          crew.find('C12', `the cache by ${kind} watches differs: ${text}`);
        }
      }),
  };
};
