/** Which figure of a sample counts, in which unit, and what it must reach. */

export type Unit = 'perSecond' | 'seconds' | 'bytes' | 'number';

/** A factor over Apache's figure of the same run, or a limit of our own figure. */
export type Goal = { readonly ratio: number } | { readonly limit: number };

export interface Measure {
  /** Its name in the samples. */
  readonly figure: string;
  readonly name: string;
  readonly unit: Unit;
  readonly better: 'more' | 'less';
  readonly must?: Goal;
  readonly aim?: Goal;
}

export const ratio = (factor: number): Goal => ({ ratio: factor });
export const limit = (most: number): Goal => ({ limit: most });
export const megabytes = (count: number): Goal => limit(count * 1e6);
export const ms = (count: number): Goal => limit(count / 1000);

export const throughput = (must: number, aim: number): Measure[] => [
  {
    ...{ figure: 'perSecond', name: 'operations', unit: 'perSecond', better: 'more' },
    ...{ must: ratio(must), aim: ratio(aim) },
  },
];

export const time = (figure: string, name: string, must?: Goal, aim?: Goal): Measure => ({
  ...{ figure, name, unit: 'seconds', better: 'less' },
  ...(must && { must }),
  ...(aim && { aim }),
});

export const bytes = (figure: string, name: string, must?: Goal, aim?: Goal): Measure => ({
  ...{ figure, name, unit: 'bytes', better: 'less' },
  ...(must && { must }),
  ...(aim && { aim }),
});

export const rate = (figure: string, name: string, must?: Goal, aim?: Goal): Measure => ({
  ...{ figure, name, unit: 'perSecond', better: 'more' },
  ...(must && { must }),
  ...(aim && { aim }),
});

export const number = (figure: string, name: string): Measure => {
  return { figure, name, unit: 'number', better: 'less' };
};
