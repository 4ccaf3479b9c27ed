/** An answer of the console's server before it is written to a socket: status, type, body. */

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** JSON; nothing may keep it, as the next answer differs. */
export function jsonReply(status: number, value: object | null): Reply {
  return {
    status,
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(value),
    headers: { 'cache-control': 'no-store' },
  };
}
