/** Scratch of hypotheses, to be moved or removed. */
import { test } from 'vitest';
import { TestEnsemble } from '../support/ensemble.ts';

test('late voter', async () => {
  const said: string[] = [];
  const ensemble = await TestEnsemble.start({
    notes: (sid) => ({
      debug: (_m, f) => {
        if (f?.['machine'] === 'election' && f['event'] !== 'tick')
          said.push(
            `${Math.round(performance.now())} ${sid} ${f['event']} ${f['from']} ${f['to']}`,
          );
      },
      info: (m, f) =>
        said.push(`${Math.round(performance.now())} ${sid} ${m} ${JSON.stringify(f)}`),
      warn: (m, f) =>
        said.push(`${Math.round(performance.now())} ${sid} ${m} ${JSON.stringify(f)}`),
      error() {},
    }),
  });
  await ensemble.kill(3);
  await ensemble.serving();
  await ensemble.kill(2);
  await ensemble.until('1 looks', () => !ensemble.member(1).replica.isServing);
  await new Promise((d) => setTimeout(d, 200));
  said.length = 0;
  await ensemble.startMember(3);
  try {
    await ensemble.serving(1000);
  } finally {
    console.log(said.slice(0, 60).join('\n'));
  }
});
