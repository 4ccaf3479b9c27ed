/**
 * The words about the program and its settings: `envi`, `conf`, `dirs`, and the version that `srvr`
 * and `mntr` open with. Keys and order are those of ZooKeeper 3.8.
 *
 * Divergence: what Java would say of itself is said of Node, and memory is that of the machine and
 * the process, since the tree lies outside the heap.
 */

import { configPath } from '../protocol/path.ts';
import type { ProcessFacts } from './process-facts.ts';
import type { ReplicaView } from './replica-view.ts';
import { isDistributed } from './settings.ts';

/** The version whose behaviour we offer: clients choose by it what they may ask for. */
const zookeeperVersion = '3.8.0';
const megabyte = 1024 * 1024;

/** Version and build time, in the form that go-zookeeper's FLWSrvr and kazoo's envi parse. */
export function versionText(facts: ProcessFacts): string {
  const [date, time] = new Date(facts.builtMs).toISOString().split('T') as [string, string];
  const [year, month, day] = date.split('-');
  const built = `${month}/${day}/${year} ${time.slice(0, 5)} GMT`;
  return `${zookeeperVersion}-natskeeper-${facts.version}, built on ${built}`;
}

export function environment(facts: ProcessFacts): string {
  const { runtime, system, user } = facts;
  const memory = facts.memory();
  const megabytes = (bytes: number) => `${Math.floor(bytes / megabyte)}MB`;
  return `Environment:\n${pairs([
    ['zookeeper.version', versionText(facts)],
    ['host.name', system.hostName],
    ['java.version', runtime.version],
    ['java.vendor', runtime.vendor],
    ['java.home', runtime.home],
    ['java.class.path', runtime.program],
    ['java.library.path', ''],
    ['java.io.tmpdir', system.temporaryDirectory],
    ['java.compiler', '<NA>'],
    ['os.name', system.name],
    ['os.arch', system.arch],
    ['os.version', system.version],
    ['user.name', user.name],
    ['user.home', user.home],
    ['user.dir', user.directory],
    ['os.memory.free', megabytes(memory.freeBytes)],
    ['os.memory.max', megabytes(memory.maxBytes)],
    ['os.memory.total', megabytes(memory.totalBytes)],
  ])}`;
}

export function configuration(view: ReplicaView, facts: ProcessFacts): string {
  const { settings } = view;
  const isMember = isDistributed(settings);
  const text = pairs([
    ['clientPort', view.clientPort()],
    ['secureClientPort', settings.secureClientPort ?? -1],
    ['dataDir', view.treeDirectory],
    ['dataDirSize', facts.directoryBytes(view.treeDirectory)],
    ['dataLogDir', view.logDirectory],
    ['dataLogSize', facts.directoryBytes(view.logDirectory)],
    ['tickTime', settings.tickTimeMs],
    ['maxClientCnxns', settings.maxClientCnxns],
    ['minSessionTimeout', settings.minSessionTimeoutMs],
    ['maxSessionTimeout', settings.maxSessionTimeoutMs],
    ['clientPortListenBacklog', settings.clientPortListenBacklog],
    ['serverId', isMember ? settings.sid : 0],
  ]);
  return isMember ? text + membership(view) : text;
}

/** The members as agreed upon: a reconfig changes the znode, not the settings. */
function membership({ settings, state }: ReplicaView): string {
  const own = settings.servers.find((server) => server.sid === settings.sid)?.addresses[0];
  const text = pairs([
    ['initLimit', settings.initLimitTicks],
    ['syncLimit', settings.syncLimitTicks],
    ['electionAlg', 3],
    ['electionPort', own?.electionPort ?? -1],
    ['quorumPort', own?.quorumPort ?? -1],
    ['peerType', settings.peerType === 'observer' ? 1 : 0],
  ]);
  const members = state.tree.data(state.tree.findPath(configPath))?.toString() ?? '';
  return `${text}membership: \n${members}`;
}

export function directories(view: ReplicaView, facts: ProcessFacts): string {
  const data = facts.directoryBytes(view.treeDirectory);
  return `datadir_size: ${data}\nlogdir_size: ${facts.directoryBytes(view.logDirectory)}\n`;
}

function pairs(values: readonly (readonly [key: string, value: string | number])[]): string {
  return values.map(([key, value]) => `${key}=${value}\n`).join('');
}
