/** What the page has to tell whoever sits here: the last few sentences, each until it is closed. */

const noticesMax = 4;

export interface Notice {
  readonly id: number;
  readonly text: string;
}

class Notices {
  list: readonly Notice[] = [];
  #last = 0;
  readonly #listeners = new Set<() => void>();

  tell(text: string): void {
    const others = this.list.filter((notice) => notice.text !== text);
    this.#show([...others, { id: ++this.#last, text }].slice(-noticesMax));
  }

  close(id: number): void {
    this.#show(this.list.filter((notice) => notice.id !== id));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #show(list: readonly Notice[]): void {
    this.list = list;
    for (const listener of this.#listeners) listener();
  }
}

export const notices = new Notices();
