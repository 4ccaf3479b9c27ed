/** Runs one scenario in this process: name, directory. What it does is recorded from outside. */

import { Marks } from './marks.ts';
import { scenarios } from './scenarios.ts';

const [name, top] = process.argv.slice(2);
const marks = new Marks(top!);
await scenarios[name!]!.run(top!, marks);
marks.close();
