/**
 * Talks to a program that reads commands and prints answers: sends a command, waits until what must
 * come has come, sends the next. So a script needs no pauses, and a failure shows all that was
 * said.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

const answerMsMax = 20_000;

/** A command and a pattern for what must be printed because of it. */
export type Exchange = readonly [command: string, answer: RegExp];

export class Dialogue {
  readonly #child: ChildProcess;
  #text = '';
  /** Where the part begins that answers the last command. */
  #read = 0;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[], folder: string) {
    this.#child = spawn(command, args, { cwd: folder, stdio: 'pipe' });
    const take = (part: Buffer): void => {
      this.#text += part;
      this.#wake();
    };
    this.#child.stdout?.on('data', take);
    this.#child.stderr?.on('data', take);
    const over = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    this.#child.once('error', over);
    this.#child.once('close', over);
  }

  /** Waits for `answer` in what was printed since the last one matched. */
  async expect(answer: RegExp): Promise<void> {
    const deadline = Date.now() + answerMsMax;
    for (;;) {
      const match = answer.exec(this.#text.slice(this.#read));
      if (match !== null) {
        this.#read += match.index + match[0].length;
        return;
      }
      const left = deadline - Date.now();
      if (this.#isOver || left <= 0) throw new Error(`no ${answer} in:\n${this.#text}`);
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }

  async say(exchanges: readonly Exchange[]): Promise<void> {
    for (const [command, answer] of exchanges) {
      this.#child.stdin?.write(`${command}\n`);
      await this.expect(answer).catch((error: Error) => {
        throw new Error(`after '${command}': ${error.message}`);
      });
    }
  }

  /** Waits for the program to end by itself; ends it when it does not. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), answerMsMax);
    while (!this.#isOver) {
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    }
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
