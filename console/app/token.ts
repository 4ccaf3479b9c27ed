/**
 * The access token of whoever sits here: kept for this tab only, sent with each request, dropped
 * with a notice as soon as the server does not accept it.
 */

const key = 'natskeeper-token';

class Token {
  value: string | null = sessionStorage.getItem(key);
  readonly #listeners = new Set<() => void>();

  set(value: string): void {
    this.#keep(value.trim() === '' ? null : value.trim());
  }

  drop(): void {
    this.#keep(null);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #keep(value: string | null): void {
    if (value === this.value) return;
    this.value = value;
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
    for (const listener of this.#listeners) listener();
  }
}

export const token = new Token();
