/**
 * Where the built page and the drawings lie: beside the compiled server in dist/console/, or, when
 * the sources run by themselves, the page still there and the drawings at their source.
 */

import { fileURLToPath } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const appFolder = folder(isSource ? '../../dist/console/app' : '../app');
export const drawingsFolder = folder('../drawings');
