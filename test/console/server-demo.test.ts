/** The demo's controls through the console: there only in the demo, and only for who may. */

import { describe, expect, test } from 'vitest';
import { type DemoControl, UnknownAction } from '../../console/server/demo-control.ts';
import { bearer, rightToken, startRig } from './rig.ts';

class FakeDemo implements DemoControl {
  readonly acts: unknown[] = [];

  status(): object {
    return { replicas: [1, 2, 3] };
  }

  async act(action: string, body: object): Promise<object> {
    if (action === 'restart') throw new Error('replica 1 is running');
    if (action !== 'kill') throw new UnknownAction(action);
    this.acts.push(body);
    return { done: action };
  }
}

describe('outside the demo', () => {
  test('there are no controls, with the token neither', async () => {
    const { ask, post } = await startRig({ token: rightToken });

    expect((await ask('/api/demo')).status).toBe(404);
    expect((await post('/api/demo/kill', {}, bearer(rightToken))).status).toBe(404);
    expect((await ask('/api/about')).json().isDemo).toBe(false);
  });
});

describe('in the demo', () => {
  test('everybody sees how it stands', async () => {
    const { ask } = await startRig({ demo: new FakeDemo(), token: rightToken });

    expect((await ask('/api/demo')).json()).toEqual({ replicas: [1, 2, 3] });
    expect((await ask('/api/about')).json().isDemo).toBe(true);
  });

  test('without a token a page of this machine may act', async () => {
    const demo = new FakeDemo();
    const { post, console: running } = await startRig({ demo });
    const origin = `http://127.0.0.1:${running.port}`;

    expect((await post('/api/demo/kill', { sid: 1 }, { origin })).json()).toEqual({ done: 'kill' });
    expect(demo.acts).toEqual([{ sid: 1 }]);
  });

  test('a page of another origin may not', async () => {
    const demo = new FakeDemo();
    const { post, ask } = await startRig({ demo });
    const evil = await post('/api/demo/kill', { sid: 1 }, { origin: 'http://evil.example' });
    const form = await ask('/api/demo/kill', { method: 'POST', body: 'sid=1' });

    expect([evil.status, form.status]).toEqual([403, 415]);
    expect(demo.acts).toEqual([]);
  });

  test('with a token only who has it may', async () => {
    const demo = new FakeDemo();
    const { post } = await startRig({ demo, token: rightToken });

    expect((await post('/api/demo/kill', {})).status).toBe(401);
    expect((await post('/api/demo/kill', {}, bearer('wrong'))).status).toBe(401);
    expect((await post('/api/demo/kill', {}, bearer(rightToken))).status).toBe(200);
    expect(demo.acts).toHaveLength(1);
  });

  test('an action that it does not know, or cannot do now, is answered so', async () => {
    const { ask, post } = await startRig({ demo: new FakeDemo() });
    const unknown = await post('/api/demo/explode', {});
    const impossible = await post('/api/demo/restart', {});

    expect(unknown.status).toBe(404);
    expect(unknown.json().error).toContain('explode');
    expect(impossible.status).toBe(409);
    expect(impossible.json().error).toBe('replica 1 is running');
    expect((await ask('/api/demo/kill')).status).toBe(405);
  });
});
