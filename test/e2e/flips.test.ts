/**
 * One flipped bit anywhere in the files: the start is refused with a reason, or all data are there
 * (the bit was in a free page, or the file's last record is cut, which here is no write of data).
 * Never a crash without a word, never less data. E2E_FLIPS sets how many bits, E2E_SEED which.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../client/client.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';
import { randomFrom } from './random.ts';

const flips = Number(process.env['E2E_FLIPS'] ?? 12);
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);
const batches = 150;
const atOnce = 3;
const settings = ['txnLogSizeLimitInKb=64', 'snapCount=60'];

describe.skipIf(whyNoKeeper !== null)(`${flips} bits flipped, seed ${seed}`, () => {
  const random = randomFrom(seed);
  const told = { refused: 0, whole: 0 };
  let pristine: string;

  beforeAll(async () => {
    pristine = mkdtempSync(join(tmpdir(), 'natskeeper-pristine-'));
    const keeper = await Keeper.make({ dataDir: pristine });
    await keeper.start(settings);
    const client = await connect(keeper.address);
    for (let at = 0; at < batches; at++) await client.create(`/z${at}`, dataOf(at));
    await client.close();
    await keeper.stop();
    await keeper.remove();
  });
  afterAll(() => {
    rmSync(pristine, { recursive: true });
    console.log(`${flips} flipped bits: ${told.refused} refused, ${told.whole} harmless`);
  });

  /** Small ones lie in the pages of LMDB's tree, large ones in pages of their own. */
  const dataOf = (at: number): Buffer => Buffer.alloc(at % 3 === 0 ? 3000 : 60, `data ${at} `);

  interface Flip {
    readonly file: string;
    readonly byte: number;
    readonly bit: number;
  }

  function chooseFlip(): Flip {
    const folder = join(pristine, 'natskeeper');
    const files = readdirSync(folder).filter((name) => name.endsWith('.mdb'));
    const file = files[Math.floor(random() * files.length)]!;
    const bytes = readFileSync(join(folder, file));
    let byte = Math.floor(random() * bytes.length);
    // Mostly where structure is: the heads of pages, and their lists of nodes.
    if (random() < 0.6) byte = byte - (byte % 4096) + Math.floor(random() * 170);
    return { file, byte, bit: Math.floor(random() * 8) };
  }

  async function outcomeOf({ file, byte, bit }: Flip): Promise<string> {
    const keeper = await Keeper.make();
    try {
      cpSync(pristine, keeper.dataDir, { recursive: true });
      const path = join(keeper.dataDir, 'natskeeper', file);
      const bytes = readFileSync(path);
      bytes[byte]! ^= 1 << bit;
      writeFileSync(path, bytes);
      keeper.spawn(settings);
      const served = keeper.serving().then(
        () => null,
        () => keeper.ended,
      );
      const ending = await Promise.race([keeper.ended, served]);
      if (ending === null) return await whatIsThere(keeper).catch((failure) => `${failure}`);
      if (ending.code === 2 && /^natskeeper: .*\n$/.test(keeper.stderr)) return 'refused';
      return `${JSON.stringify(ending)} ${keeper.stderr}`;
    } finally {
      await keeper.remove();
    }
  }

  async function whatIsThere(keeper: Keeper): Promise<string> {
    const gone = keeper.ended.then((ending) => {
      throw new Error(`ended while it served: ${JSON.stringify(ending)} ${keeper.stdout}`);
    });
    return Promise.race([gone, lookAround(keeper)]);
  }

  async function lookAround(keeper: Keeper): Promise<string> {
    const client = await connect(keeper.address, { connectWithinMs: 5000 });
    for (let at = 0; at < batches; at++) {
      const data = await client.getData(`/z${at}`).catch(() => null);
      if (!data?.data?.equals(dataOf(at))) return `started without /z${at}`;
    }
    await client.create('/more');
    await client.close();
    return 'whole';
  }

  test(
    'each is refused with a reason, or does no harm',
    async () => {
      const faults: string[] = [];
      let left = flips;
      const work = async () => {
        while (left-- > 0) {
          const flip = chooseFlip();
          const outcome = await outcomeOf(flip);
          if (outcome === 'refused') told.refused++;
          else if (outcome === 'whole') told.whole++;
          else faults.push(`${JSON.stringify(flip)}: ${outcome}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));

      expect(faults).toEqual([]);
      expect(told.refused + told.whole).toBe(flips);
    },
    60_000 + flips * 2000,
  );
});
