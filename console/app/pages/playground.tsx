/**
 * The failure playground of the demo: buttons to kill, pause, cut off and restart its processes,
 * and what the writers notice of it, live.
 */

import { useState } from 'preact/hooks';
import type { DemoProcessState, DemoReplicaStatus, DemoStatus } from '../../../protocol/demo.ts';
import { type Demo, useDemo } from '../demo-poll.ts';
import { ageText, timeText } from '../figures.ts';
import { ThroughputPlot } from '../parts/throughput-plot.tsx';
import { eventLabel } from '../playground-plot.ts';
import './playground.css';

const eventsShown = 100;

export function PlaygroundPage() {
  const demo = useDemo();
  const { status, silentMs } = demo;
  if (status === null) {
    return <p class="muted">{silentMs === null ? 'Asking …' : 'The demo does not answer.'}</p>;
  }
  return (
    <div class="playground">
      {silentMs === null ? null : (
        <p class="playground-stale" role="status">
          The demo does not answer: this is how it was {ageText(silentMs)} ago.
        </p>
      )}
      <div class={silentMs === null ? 'playground-parts' : 'playground-parts is-stale'}>
        <section class="card playground-processes">
          <h2>Processes</h2>
          <Processes demo={demo} status={status} />
        </section>
        <section class="card playground-load">
          <h2>Load and outage</h2>
          <Load demo={demo} status={status} />
          <Outage status={status} />
        </section>
        <section class="card playground-plot">
          <h2>Acknowledged writes per second</h2>
          <ThroughputPlot status={status} />
        </section>
        <section class="card playground-outages">
          <h2>What failures cost</h2>
          <Outages status={status} />
        </section>
        <section class="card playground-events">
          <h2>Events</h2>
          <Events status={status} />
        </section>
      </div>
    </div>
  );
}

interface Props {
  readonly demo: Demo;
  readonly status: DemoStatus;
}

function Processes({ demo, status }: Props) {
  return (
    <table>
      <thead>
        <tr>
          <th>Process</th>
          <th>State</th>
          <th>Role</th>
          <th>Port</th>
          <th>Pid</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {status.replicas.map((replica) => (
          <ReplicaRow key={replica.sid} demo={demo} replica={replica} />
        ))}
        <BusRow demo={demo} state={status.bus.state} />
      </tbody>
    </table>
  );
}

function ReplicaRow({ demo, replica }: { demo: Demo; replica: DemoReplicaStatus }) {
  const { sid, state, isCut, mode, port, pid } = replica;
  const who = `replica ${sid}`;
  const isBusy = demo.isBusy(who);
  const isDead = state === 'dead';
  const button = (label: string, action: string, isOff = false) => (
    <button
      type="button"
      disabled={isBusy || isOff}
      onClick={() => demo.act(who, action, { sid })}
      title={`${label} ${who}`}
    >
      {label}
    </button>
  );
  return (
    <tr>
      <td>{who}</td>
      <td>
        <State state={state} />
        {isCut ? <span class="is-cut"> cut off</span> : null}
      </td>
      <td class={mode === 'leader' ? 'is-leader' : ''}>{mode ?? '—'}</td>
      <td class="num">{port}</td>
      <td class="num">{pid ?? '—'}</td>
      <td>
        <div class="playground-buttons">
          {button('Kill', 'kill', isDead)}
          {state === 'paused' ? button('Resume', 'resume') : button('Pause', 'pause', isDead)}
          {isCut ? button('Heal', 'heal') : button('Cut off', 'cut')}
          {button(isDead ? 'Start' : 'Restart', 'restart')}
        </div>
      </td>
    </tr>
  );
}

function BusRow({ demo, state }: { demo: Demo; state: DemoProcessState }) {
  const button = (label: string, action: string, isOff = false) => (
    <button
      type="button"
      disabled={demo.isBusy('bus') || isOff}
      onClick={() => demo.act('bus', action)}
      title={`${label} the bus`}
    >
      {label}
    </button>
  );
  return (
    <tr>
      <td>bus</td>
      <td>
        <State state={state} />
      </td>
      <td class="muted">nats-server</td>
      <td />
      <td />
      <td>
        <div class="playground-buttons">
          {button('Kill', 'killBus', state === 'dead')}
          {state === 'paused'
            ? button('Resume', 'resumeBus')
            : button('Pause', 'pauseBus', state !== 'running')}
          {button(state === 'dead' ? 'Start' : 'Restart', 'restartBus')}
        </div>
      </td>
    </tr>
  );
}

function State({ state }: { state: DemoProcessState }) {
  return (
    <span>
      <span class={`dot state-${state}`} /> {state}
    </span>
  );
}

function Load({ demo, status }: Props) {
  const [clients, setClients] = useState(status.load.clients);
  const [percent, setPercent] = useState(Math.round(100 * status.load.writesShare));
  const { isRunning } = status.load;
  const isBusy = demo.isBusy('load');
  const toggle = (): void => {
    const settings = { clients, writesShare: percent / 100 };
    if (isRunning) demo.act('load', 'stopLoad');
    else demo.act('load', 'startLoad', settings);
  };
  const number = (value: string): number => Math.round(Number(value));
  return (
    <p class="row playground-settings">
      <button type="button" class={isRunning ? '' : 'primary'} disabled={isBusy} onClick={toggle}>
        {isRunning ? 'Stop the load' : 'Start the load'}
      </button>
      <label>
        clients{' '}
        <input
          type="number"
          min={1}
          max={64}
          value={isRunning ? status.load.clients : clients}
          disabled={isRunning}
          onInput={(event) => setClients(number(event.currentTarget.value))}
        />
      </label>
      <label>
        writes{' '}
        <input
          type="number"
          min={1}
          max={100}
          value={isRunning ? Math.round(100 * status.load.writesShare) : percent}
          disabled={isRunning}
          onInput={(event) => setPercent(number(event.currentTarget.value))}
        />{' '}
        %
      </label>
    </p>
  );
}

function Outage({ status }: { status: DemoStatus }) {
  const { outage, nowMs, outages, load } = status;
  const last = outages.at(-1);
  if (outage.isOngoing && outage.since !== null) {
    return (
      <p class="playground-figure is-out">
        <b>{Math.round(nowMs - outage.since)} ms</b>
        <span>without an acknowledged write, and counting</span>
      </p>
    );
  }
  if (last === undefined) {
    return (
      <p class="playground-figure">
        <b>—</b>
        <span>
          {load.isRunning
            ? 'break something to see what it costs'
            : 'without load there is no measure'}
        </span>
      </p>
    );
  }
  return (
    <p class="playground-figure">
      <b>{last.ms} ms</b>
      <span>without an acknowledged write after “{eventLabel(last)}”</span>
    </p>
  );
}

function Outages({ status }: { status: DemoStatus }) {
  if (status.outages.length === 0) return <p class="playground-none muted">nothing so far</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>At</th>
          <th>Failure</th>
          <th class="is-right">Longest stretch without a write</th>
        </tr>
      </thead>
      <tbody>
        {[...status.outages].reverse().map((outage) => (
          <tr key={`${outage.atMs} ${outage.sid}`}>
            <td class="num">{timeText(outage.atMs)}</td>
            <td>{eventLabel(outage)}</td>
            <td class="num is-right">
              {outage.ms} ms{outage.toMs === null ? ' …' : ''}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Events({ status }: { status: DemoStatus }) {
  const { events } = status;
  if (events.length === 0) return <p class="playground-none muted">nothing so far</p>;
  return (
    <ol>
      {events
        .slice(-eventsShown)
        .reverse()
        .map((event) => (
          <li key={`${event.atMs} ${event.sid} ${event.what}`} class={`is-${event.kind}`}>
            <span class="num muted">{timeText(event.atMs)}</span>{' '}
            <span>{event.sid === null ? event.what : `replica ${event.sid} ${event.what}`}</span>
          </li>
        ))}
    </ol>
  );
}
