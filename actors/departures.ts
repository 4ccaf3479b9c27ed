/**
 * Hears from the bus itself that a replica has lost its connection, where a system account is
 * configured. That raises suspicion at once and proves nothing: the connection may be back already.
 */

import type { Bus } from './bus.ts';

const subject = '$SYS.ACCOUNT.>';

/** How a replica names its connections to the bus: by this a departure is told to be one. */
export function connectionName(ensemble: string, sid: number, role: string): string {
  return `natskeeper/${ensemble}/${sid}/${role}`;
}

/**
 * Where there is a system account, calls `left` with the sid of each replica of the ensemble whose
 * heartbeat connection ended.
 */
export function listenForDepartures(
  system: Bus | undefined,
  ensemble: string,
  left: (sid: number) => void,
): void {
  system?.subscribe(subject, (frame, heard) => {
    if (!heard.endsWith('.DISCONNECT')) return;
    const name = nameIn(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    const sid = Number(name.split('/')[2]);
    if (name === connectionName(ensemble, sid, 'election')) left(sid);
  });
}

/** The name of the client that an event is about; '' if it has none. */
function nameIn(event: Buffer): string {
  try {
    const said = JSON.parse(event.toString()) as { client?: { name?: unknown } } | null;
    const name = said?.client?.name;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}
