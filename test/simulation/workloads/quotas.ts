/**
 * Hard quotas on the number of znodes and on bytes. As in ZooKeeper they are held against what is
 * applied: what is there passes the limits by no more than what is asked for at one time. Where the
 * ensemble does not enforce quotas nothing is checked.
 */

import { type Client, ErrorCode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/quotas';
const quota = `/zookeeper/quota${root}`;
const countMax = 12;
const bytesMax = 600;
const limits = `count=-1,bytes=-1=;byteHardLimit=${bytesMax};countHardLimit=${countMax}`;
const programCount = 3;
/** Requests of others that may be on their way. */
const slack = programCount - 1;
const nameCount = 20;
const valueBytes = 90;
const pauseMs = 100;
const { noNode, nodeExists, quotaExceeded } = ErrorCode;

export const makeQuotas: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  let isEnforced = false;

  function checkUsage(count: number, bytes: number): void {
    const text = () => `${count} znodes of ${countMax}, ${bytes} bytes of ${bytesMax}`;
    const isKept = count <= countMax + slack && bytes <= bytesMax + slack * valueBytes;
    crew.expect(!isEnforced || isKept, 'C16', text);
  }

  function program(client: Client): void {
    crew.repeat(pauseMs, async () => {
      const path = `${root}/${random.below(nameCount)}`;
      const data = '.'.repeat(random.below(valueBytes));
      const dice = random.unit();
      const operation = () => {
        if (dice < 0.5) return client.create(path, data);
        if (dice < 0.75) return client.setData(path, data);
        return client.delete(path);
      };
      const outcome = await crew.attempt<unknown>(operation, noNode, nodeExists, quotaExceeded);
      if (outcome.kind === 'refused' && outcome.code === quotaExceeded) {
        isEnforced = true;
        crew.count('over quota');
      }
    });
  }

  return {
    name: 'quotas',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        await crew.ensure(first, quota);
        await crew.ensure(first, `${quota}/zookeeper_limits`, limits);
        await crew.ensure(first, `${quota}/zookeeper_stats`, 'count=0,bytes=0');
        for (let at = 0; at < programCount; at++) {
          program(at === 0 ? first : crew.open(crew.someSids()));
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        const found = await crew.childrenData(client, root);
        const bytes = found.reduce((sum, { stat }) => sum + stat.dataLength, 0);
        checkUsage(found.length + 1, bytes);
        const stats = await crew.read(client, `${quota}/zookeeper_stats`);
        const usage = `count=${found.length + 1},bytes=${bytes}`;
        crew.expect(stats === null || stats.data === usage, 'C16', () => {
          return `the usage is told as ${stats?.data}, and is ${usage}`;
        });
      }),
  };
};
