/**
 * A bank: money moves between accounts by multis that check versions, each with a receipt; some of
 * it travels as a cheque, a znode that one multi makes and another takes away. In every state that
 * anybody sees, accounts and cheques add up to the same sum, and in the end the receipts explain
 * every account.
 */

import { type Client, ErrorCode, op, type ReadResult } from '../../../client/client.ts';
import { Crew, type Outcome } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/transfers';
const accounts = Array.from({ length: 5 }, (_, at) => `${root}/account-${at}`);
const cheques = `${root}/cheques`;
const receipts = `${root}/receipts`;
const firstBalance = 100;
const total = firstBalance * accounts.length;
const programCount = 3;
const pauseMs = 120;
const { badVersion, noNode, nodeExists } = ErrorCode;

interface Balance {
  readonly path: string;
  readonly amount: number;
  readonly version: number;
}

export const makeTransfers: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const ends = new Map<string, Outcome<unknown>['kind']>();

  /** All of the money as one state; null when the cheques were not the ones that were asked for. */
  async function snapshot(client: Client): Promise<Balance[] | null> {
    const names = await client.getChildren(cheques);
    const paths = [...accounts, ...names.children.sort().map((name) => `${cheques}/${name}`)];
    const reads = [op.getChildren(cheques), ...paths.map((path) => op.getData(path))];
    const [list, ...results] = await client.multiRead(reads);
    const there = list?.type === 'getChildren' ? list.children.sort() : [];
    if (`${there}` !== `${names.children}`) return null;
    const balances = results.map((result, at) => balanceOf(paths[at]!, result));
    if (balances.some((balance) => balance === null)) {
      crew.find('C5', `a multiRead lists ${there} and has ${results.map(({ type }) => type)}`);
      return null;
    }
    const all = balances.filter((balance) => balance !== null);
    const sum = all.reduce((amount, balance) => amount + balance.amount, 0);
    crew.expect(sum === total, 'C5', () => `there are ${sum} of ${total}: ${textOf(all)}`);
    crew.count('snapshots');
    return all;
  }

  /** Moves money between two accounts, or into a cheque, or out of one. */
  async function transfer(client: Client, tag: string): Promise<void> {
    const balances = await crew.valueOf(() => snapshot(client), noNode);
    if (balances === null || balances === undefined) return;
    const [from, to] = [random.pick(balances), random.pick(balances.slice(0, accounts.length))];
    if (from === to || from.amount === 0) return;
    const isCheque = from.path.startsWith(cheques);
    const amount = isCheque ? from.amount : 1 + random.below(Math.min(from.amount, 20));
    const isDrawn = !isCheque && random.chance(0.3);
    const target = isDrawn ? `${cheques}/${tag}` : to.path;
    const taken = isCheque
      ? [op.check(from.path, from.version), op.delete(from.path, from.version)]
      : [op.setData(from.path, `${from.amount - amount}`, from.version)];
    const given = isDrawn
      ? op.create(target, `${amount}`)
      : op.setData(target, `${to.amount + amount}`, to.version);
    const receipt = op.create(`${receipts}/${tag}`, `${from.path} ${target} ${amount}`);
    const order = random.chance(0.5) ? [...taken, given, receipt] : [receipt, given, ...taken];
    const outcome = await crew.attempt(() => client.multi(order), badVersion, noNode, nodeExists);
    ends.set(tag, outcome.kind);
    if (outcome.kind === 'refused') {
      crew.expect(outcome.code !== nodeExists, 'C5', () => `${tag} was refused as done already`);
    }
  }

  function program(client: Client, name: string): void {
    let tried = 0;
    crew.repeat(pauseMs, async () => {
      if (random.chance(0.3)) await crew.attempt(() => snapshot(client), noNode);
      else await transfer(client, `${name}.${tried++}`);
    });
  }

  async function checkReceipts(client: Client): Promise<void> {
    const expected = new Map(accounts.map((path) => [path, firstBalance]));
    const change = (path: string, amount: number) =>
      expected.set(path, (expected.get(path) ?? 0) + amount);
    const there = new Set<string>();
    for (const { name, data } of await crew.childrenData(client, receipts)) {
      const [from = '', to = '', amount] = data.split(' ');
      there.add(name);
      change(from, -Number(amount));
      change(to, Number(amount));
      crew.expect(ends.get(name) !== 'refused', 'C5', () => `${name} was refused: ${data}`);
    }
    for (const [tag, end] of ends) {
      const isThere = end !== 'acknowledged' || there.has(tag);
      crew.expect(isThere, 'Z10', () => `${tag} was answered and has no receipt`);
    }
    const names = await crew.children(client, cheques);
    const left = new Set([...accounts, ...names.map((name) => `${cheques}/${name}`)]);
    for (const path of left) {
      const read = await crew.read(client, path);
      crew.expect(Number(read?.data) === expected.get(path), 'C5', () => {
        return `${path} holds ${read?.data}, receipts say ${expected.get(path)}`;
      });
    }
    for (const [path, amount] of expected) {
      const text = () => `${path} is gone, receipts say ${amount}`;
      crew.expect(amount === 0 || left.has(path), 'C5', text);
    }
  }

  return {
    name: 'transfers',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        for (const path of [root, cheques, receipts]) await crew.ensure(first, path);
        for (const path of accounts) await crew.ensure(first, path, `${firstBalance}`);
        for (let at = 0; at < programCount; at++) {
          program(at === 0 ? first : crew.open(crew.someSids()), `bank${at}`);
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        // Nothing to check where the bank never opened.
        if (ends.size === 0) return;
        const last = await crew.patiently(() => snapshot(client));
        crew.expect(last !== null, 'C5', () => 'the cheques change though nobody is at work');
        await checkReceipts(client);
      }),
  };
};

function balanceOf(path: string, result: ReadResult): Balance | null {
  if (result.type !== 'getData') return null;
  return { path, amount: Number(`${result.data}`), version: result.stat.version };
}

function textOf(balances: readonly Balance[]): string {
  return balances.map(({ path, amount }) => `${path} ${amount}`).join(', ');
}
