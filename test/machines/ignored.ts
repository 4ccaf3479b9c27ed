/**
 * Events that a machine ignores, state by state, and why that is right. Whatever is not in here and
 * has no transition is an event that was forgotten (graph.test.ts).
 */

import type { machines } from '../../machines/index.ts';

export interface Ignored {
  readonly reason: string;
  readonly states: readonly string[];
  readonly events: readonly string[];
}

const served = ['serving.flowing', 'serving.stalled'];
const beforeBroadcast = [
  ...['discovering', 'promising', 'ruling.gathering', 'ruling.synchronizing'],
] as const;
const joining = ['promising', 'syncing', 'adopting', 'acking'].map((step) => `joining.${step}`);
const sending = ['sending.flowing', 'sending.starved'];
const streaming = ['streaming.flowing', 'streaming.starved'];
const looking = ['settling', 'electing', 'lonely', 'readOnly'].map(
  (state) => `member.looking.${state}`,
);
const roles = ['leading', 'following', 'observing'].map((role) => `member.${role}`);
const inRole = roles.flatMap((role) => [`${role}.joining`, `${role}.serving`]);
const noMember = ['recovering', 'agreeing', 'standalone'];

/** What each region of the watch's machine ignores: the whole ignores what all of them do. */
const regions = {
  'standard.off': ['fire.znode', 'fire.children', 'remove.standard', 'remove.all'],
  'standard.armed': ['arm.standard'],
  'persistent.off': ['fire.znode', 'fire.children', 'remove.persistent', 'remove.all'],
  'persistent.armed': ['arm.persistent'],
  'recursive.off': ['fire.znode', 'fire.descendant', 'remove.recursive', 'remove.all'],
  'recursive.armed': ['arm.recursive'],
} as const;
/** The event is for one region only, or for two: the others never hear of it. */
const heardBy: { readonly [event: string]: readonly string[] } = {
  'arm.standard': ['standard'],
  'arm.persistent': ['persistent'],
  'arm.recursive': ['recursive'],
  'remove.standard': ['standard'],
  'remove.persistent': ['persistent'],
  'remove.recursive': ['recursive'],
  'remove.all': ['standard', 'persistent', 'recursive'],
  'fire.znode': ['standard', 'persistent', 'recursive'],
  'fire.children': ['standard', 'persistent'],
  'fire.descendant': ['recursive'],
};

function ofWatches(): Ignored[] {
  const either = (kind: string) => [`${kind}.off`, `${kind}.armed`];
  const all = either('standard').flatMap((standard) =>
    either('persistent').flatMap((persistent) =>
      either('recursive').map((recursive) => [standard, persistent, recursive]),
    ),
  );
  return all.map((parts) => ({
    reason: 'a kind that is armed is armed once; one that is off has nothing to tell or to remove',
    states: [`{${parts.join(', ')}}`],
    events: Object.keys(heardBy).filter((event) =>
      parts.every(
        (part) =>
          !heardBy[event]!.includes(part.slice(0, part.indexOf('.'))) ||
          (regions[part as keyof typeof regions] as readonly string[]).includes(event),
      ),
    ),
  }));
}

export const ignored: { readonly [name in keyof typeof machines]: readonly Ignored[] } = {
  channel: [],

  connection: [
    {
      reason: 'the first frame has been taken: its timer may be late, and no other frame is first',
      states: ['opening', ...served],
      events: [
        ...['connect.fresh', 'connect.resume', 'connect.early', 'connect.refused'],
        ...['word.received', 'handshake.timedOut'],
      ],
    },
    {
      reason: 'the first frame is known to be a connect, and waits already',
      states: ['waiting'],
      events: ['connect.early', 'word.received'],
    },
    {
      reason: 'it has no session whose end, move or requests could concern it',
      states: ['awaitingConnect', 'waiting', 'opening'],
      events: [
        ...['session.closed', 'session.expired', 'session.moved'],
        ...['request.fatal', 'pressure.high', 'pressure.low'],
      ],
    },
    {
      reason: 'no session was asked for, or it was answered already',
      states: ['awaitingConnect', 'waiting', ...served],
      events: ['session.granted', 'session.denied'],
    },
    { reason: 'it is read already', states: ['serving.flowing'], events: ['pressure.low'] },
    { reason: 'it is stalled already', states: ['serving.stalled'], events: ['pressure.high'] },
  ],

  election: [
    {
      reason: 'nobody looks: words of others are for the role',
      states: ['idle'],
      events: ['vote.received', 'leader.heard', 'peer.lost'],
    },
  ],

  leader: [
    {
      reason: 'the disk was not asked yet',
      states: ['discovering'],
      events: ['promise.stored', 'history.stored'],
    },
    {
      reason: 'the disk is asked for our history when a quorum has promised',
      states: ['promising', 'ruling.gathering'],
      events: ['history.stored'],
    },
    {
      reason: 'a promise is stored once',
      states: ['ruling.gathering', 'ruling.synchronizing', 'ruling.broadcasting'],
      events: ['promise.stored'],
    },
    {
      reason: 'the epoch is not announced: whoever promises it has heard of it from somebody else',
      states: ['discovering', 'promising'],
      events: ['epoch.promised'],
    },
    {
      reason: 'our history is not handed out: whoever holds it has it from somebody else',
      states: ['discovering', 'promising', 'ruling.gathering'],
      events: ['leadership.acked'],
    },
    {
      reason: 'nothing is proposed yet; a beat that comes early is said again',
      states: beforeBroadcast,
      events: ['ack.received'],
    },
    {
      reason: 'late answers of the disk: what an earlier role gave to the log',
      states: beforeBroadcast,
      events: ['batch.logged'],
    },
  ],

  learner: [
    {
      reason: 'the epoch of a link is announced once',
      states: [...joining, 'following'],
      events: ['epoch.announced'],
    },
    {
      reason: 'the disk was not asked, or has answered',
      states: [
        ...['joining.greeting', 'joining.syncing', 'joining.adopting', 'joining.acking'],
        'following',
      ],
      events: ['promise.stored'],
    },
    {
      reason: 'the history is not awaited, or is there',
      states: [
        ...['joining.greeting', 'joining.promising', 'joining.adopting', 'joining.acking'],
        'following',
      ],
      events: ['history.received'],
    },
    {
      reason: 'the disk was not given the history, or has answered',
      states: [
        ...['joining.greeting', 'joining.promising', 'joining.syncing', 'joining.acking'],
        'following',
      ],
      events: ['history.adopted'],
    },
    {
      reason: 'who has not acknowledged the history is not let in, and nobody twice',
      states: [
        ...['joining.greeting', 'joining.promising', 'joining.syncing', 'joining.adopting'],
        'following',
      ],
      events: ['admitted'],
    },
  ],

  learnerHandler: [
    {
      reason: 'how it gets our history is settled, once for a link',
      states: ['preparing', ...sending, ...streaming, 'confirming', 'synced', 'following'],
      events: ['position.known'],
    },
    {
      reason: 'no snapshot is being opened, or it is open',
      states: ['choosing', ...sending, ...streaming, 'confirming', 'synced', 'following'],
      events: ['snapshot.opened'],
    },
    {
      reason: 'no chunk is being sent',
      states: [
        ...['choosing', 'preparing', 'sending.starved', 'streaming.starved'],
        ...['confirming', 'synced', 'following'],
      ],
      events: ['chunk.sent'],
    },
    {
      reason: 'no snapshot is being sent',
      states: ['choosing', 'preparing', ...sending, 'confirming', 'synced', 'following'],
      events: ['snapshot.drained'],
    },
    {
      reason: 'no history is being sent',
      states: ['choosing', 'preparing', ...streaming, 'confirming', 'synced', 'following'],
      events: ['history.sent'],
    },
    {
      reason: 'credits for chunks when all are sent, or none was',
      states: ['choosing', 'preparing', 'confirming', 'synced', 'following'],
      events: ['credit.received'],
    },
    {
      reason: 'it cannot hold what it was not sent; or says so again',
      states: ['choosing', 'preparing', ...sending, ...streaming, 'synced', 'following'],
      events: ['leadership.acked'],
    },
    {
      reason: 'who does not hold our history is not let in, and nobody twice',
      states: ['choosing', 'preparing', ...sending, ...streaming, 'confirming', 'following'],
      events: ['admission.granted'],
    },
  ],

  peer: [
    {
      reason: 'the state is recovered once in a life',
      states: ['agreeing', 'standalone', ...looking, ...inRole, 'draining'],
      events: ['state.recovered'],
    },
    {
      reason: 'only a replica alone waits for its secret',
      states: ['recovering', 'standalone', ...looking, ...inRole, 'draining'],
      events: ['secret.agreed'],
    },
    {
      reason: 'nobody has asked it to stop; or twice',
      states: [...noMember, ...looking, ...inRole],
      events: ['requests.drained', 'drain.timedOut'],
    },
    { reason: 'it stops already', states: ['draining'], events: ['stop.requested'] },
    {
      reason: 'there is no ensemble, or it leaves it',
      states: [...noMember, 'draining'],
      events: [
        ...['log.settled', 'leader.elected', 'role.established'],
        ...['patience.exhausted', 'snapshot.received'],
      ],
    },
    { reason: 'there is no role to end', states: noMember, events: ['role.ended'] },
    {
      reason: 'it has a role: the election is over, and its patience',
      states: inRole,
      events: ['log.settled', 'leader.elected', 'patience.exhausted'],
    },
    {
      reason: 'a role is established once, and there has to be one',
      states: [...looking, ...roles.map((role) => `${role}.serving`)],
      events: ['role.established'],
    },
    {
      reason: 'the log is settled once for an election',
      states: ['member.looking.electing', 'member.looking.lonely', 'member.looking.readOnly'],
      events: ['log.settled'],
    },
    {
      reason: 'patience ends once, and not while the disk is slow',
      states: ['member.looking.settling', 'member.looking.lonely', 'member.looking.readOnly'],
      events: ['patience.exhausted'],
    },
  ],

  session: [
    {
      reason: 'nothing can be asked of a session that is not agreed upon',
      states: ['creating'],
      events: [
        ...['request.read', 'request.write', 'request.close', 'write.applied', 'writes.drained'],
        ...['timeout.elapsed', 'expiry.withdrawn'],
      ],
    },
    {
      reason: 'a session is created once',
      states: ['idle', 'ordering', 'closing'],
      events: ['session.created'],
    },
    {
      reason: 'no write of it is unfinished',
      states: ['idle'],
      events: ['write.applied', 'writes.drained'],
    },
    {
      reason: 'nobody has decided that it expires',
      states: ['idle', 'ordering'],
      events: ['expiry.withdrawn'],
    },
    { reason: 'it is closing already', states: ['closing'], events: ['timeout.elapsed'] },
  ],

  sessionTracker: [
    {
      reason: 'nobody decides here: time is none of its business',
      states: ['observing'],
      events: ['tick', 'authority.lost'],
    },
    { reason: 'it decides already', states: ['deciding'], events: ['authority.gained'] },
  ],

  snapshotter: [
    {
      reason: 'late answers of the disk: no pass is under way',
      states: ['idle', 'held'],
      events: ['slice.written', 'pages.settled', 'snapshot.finished', 'snapshot.failed'],
    },
    {
      reason: 'a pass is under way: whoever asks for one waits for it',
      states: ['writing', 'finishing'],
      events: ['snapshot.requested'],
    },
    {
      reason: 'the snapshot is opened between two passes',
      states: ['writing', 'finishing'],
      events: ['reading.begun', 'reading.ended'],
    },
    { reason: 'nobody reads', states: ['idle'], events: ['reading.ended'] },
    {
      reason: 'it is read: the next pass has to wait, and the first reader counts for all',
      states: ['held'],
      events: ['snapshot.requested', 'reading.begun'],
    },
    {
      reason: 'the pages have been written, or the pass is not finished before they are',
      states: ['finishing'],
      events: ['slice.written', 'pages.settled'],
    },
    {
      reason: 'a pass is not finished before its pages are written',
      states: ['writing'],
      events: ['snapshot.finished'],
    },
  ],

  watch: ofWatches(),
};
