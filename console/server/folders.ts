/**
 * Where the built page and the drawings lie: in dist/console/, seen from the compiled server there
 * or from the program in dist/cli/ that holds it (cli/vite.config.ts). When the sources run by
 * themselves, the page is still there and the drawings are at their source.
 */

import { basename, join } from 'node:path';

const here = import.meta.dirname;
const isSource = import.meta.filename.endsWith('.ts');
const folder = join(here, basename(here) === 'cli' ? '../console' : '..');

export const appFolder = isSource ? join(here, '../../dist/console/app') : join(folder, 'app');
export const drawingsFolder = join(folder, 'drawings');
