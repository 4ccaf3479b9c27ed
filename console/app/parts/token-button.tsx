/** Takes an access token in a small dialog, and lets it be forgotten again. */

import { useEffect, useReducer, useRef } from 'preact/hooks';
import { token, useLive } from '../live.ts';

export function TokenButton() {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => token.subscribe(() => again(undefined)), []);
  const canWrite = useLive((live) => live.about?.canWrite ?? false);
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  if (token.value !== null) {
    return (
      <button type="button" onClick={() => token.drop()}>
        Forget token
      </button>
    );
  }
  const accept = (event: Event): void => {
    event.preventDefault();
    token.set(input.current?.value ?? '');
    if (input.current !== null) input.current.value = '';
    dialog.current?.close();
  };
  return (
    <>
      <button type="button" disabled={!canWrite} onClick={() => dialog.current?.showModal()}>
        Token …
      </button>
      <dialog ref={dialog} class="token-dialog">
        <form onSubmit={accept}>
          <label>
            Access token
            <input ref={input} type="password" autocomplete="off" spellcheck={false} />
          </label>
          <p class="muted">It is kept for this tab only. With it, znodes can be changed.</p>
          <p class="row">
            <button type="submit" class="primary">
              Use it
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}
