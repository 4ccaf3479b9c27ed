/** The nats-server of an ensemble of ours, as a process. */

import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { freePort } from './ports.ts';
import type { Processes } from './processes.ts';
import { until } from './time.ts';

export interface Bus {
  readonly port: number;
  readonly child: ChildProcess;
}

const startMsMax = 10_000;

/** Resolves when it accepts. */
export async function startBus(program: string, log: string, processes: Processes): Promise<Bus> {
  const port = await freePort();
  const command = [program, '-a', '127.0.0.1', '-p', String(port)] as const;
  const child = processes.startServer(command, { log });
  await until(() => accepts(port), { msMax: startMsMax, about: () => 'the bus accepts' });
  return { port, child };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(!socket.destroy().connecting));
    socket.on('error', () => resolve(false));
  });
}
