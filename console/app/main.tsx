/** Where the app begins in the browser. */

import { render } from 'preact';
import { App } from './app.tsx';
import { startLive } from './live.ts';

const root = document.getElementById('app');
if (root !== null) {
  startLive();
  render(<App />, root);
}
