/**
 * What stands behind `npm start` and `npm run standalone`: options, the ports they take, and what
 * an earlier start left in the data folder. Plain JavaScript, as nothing is installed or built yet.
 * Every fault is a message that says what to type instead.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';

export const usage = `usage:
  npm start                          a demo ensemble: three replicas on ports 2181 to 2183 and
                                     their bus, data in ./data
  npm start -- --port 2281           … on ports 2281, 2282, 2283
  npm start -- --replicas 5          … of five replicas (1, 3, 5, 7 or 9)
  npm start -- --data DIR            … with its data in DIR
  npm start -- --console-port 8081   … with its console there (else on 8080, or on any free port)
  npm start -- --config zoo.cfg      one replica as an existing zoo.cfg describes it
  npm run standalone                 one replica without a bus on port 2181, data in ./data;
                                     takes -- --port P and -- --data DIR too
  npm test                           lint, types, build and all tests
  npm test -- NAME …                 only the test files whose path contains NAME`;

/** Ends the script with a message; \`code\` 2 means that it was used in a wrong way. */
export class Stop extends Error {
  /** @param {string} message @param {number} code */
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

const replicasUsual = 3;
const replicasAllowed = [1, 3, 5, 7, 9];

/**
 * Checks all that `npm start` needs before anything is installed or built.
 * @param {string[]} args
 * @returns {Promise<{ port: number, replicas: number, data: string, consolePort: number | null }>}
 */
export async function demoOptions(args) {
  const given = parse(args, ['port', 'data', 'replicas', 'console-port']);
  const data = resolve(given.data ?? 'data');
  const found = replicasIn(data);
  const replicas = Number(given.replicas ?? (found || replicasUsual));
  if (!replicasAllowed.includes(replicas)) {
    const allowed = 'takes 1, 3, 5, 7 or 9: an even number survives no more failures than one less';
    throw new Stop(`--replicas ${allowed}; not '${given.replicas ?? found}'`, 2);
  }
  if (found > 0 && found !== replicas) {
    throw new Stop(
      `${shown(data)} is of ${found} replicas, and an ensemble of another size would forget what ` +
        `only some of them know; choose --replicas ${found} or another folder by --data`,
    );
  }
  const port = portOf(given.port, replicas);
  for (let at = port; at < port + replicas; at++) await checkPort(at, 'npm start', port);
  const consolePort = await consolePortOf(given['console-port']);
  return { port, replicas, data, consolePort };
}

/**
 * Writes the zoo.cfg of one standalone replica; returns its path.
 * @param {string[]} args
 */
export async function standaloneConfig(args) {
  const given = parse(args, ['port', 'data']);
  const port = portOf(given.port, 1);
  await checkPort(port, 'npm run standalone', port);
  const data = resolve(given.data ?? 'data');
  const config = join(data, 'zoo.cfg');
  if (existsSync(config) && /^\s*server\.\d/m.test(readFileSync(config, 'utf8'))) {
    const instead = `choose another folder by --data, or npm start -- --config ${shown(config)}`;
    throw new Stop(`${shown(config)} belongs to a replica of an ensemble; ${instead}`);
  }
  mkdirSync(data, { recursive: true });
  const lines = ['tickTime=2000', `dataDir=${data}`, `clientPort=${port}`];
  writeFileSync(config, `${[...lines, '4lw.commands.whitelist=*'].join('\n')}\n`);
  console.log(`natskeeper: one standalone replica on port ${port}, data in ${shown(data)}`);
  console.log(`natskeeper: connect any ZooKeeper client to 127.0.0.1:${port}, for example`);
  console.log(`  zkCli.sh -server 127.0.0.1:${port}`);
  console.log('natskeeper: Ctrl-C stops it');
  return config;
}

/**
 * Does this zoo.cfg ask for an ensemble that brings its own bus?
 * @param {string} file @param {Readonly<Record<string, string | undefined>>} env
 */
export function wantsOwnBus(file, env) {
  if (!existsSync(file) || env.NATS_URL) return false;
  const text = readFileSync(file, 'utf8');
  const has = (pattern) => new RegExp(`^[ \\t]*${pattern}`, 'm').test(text);
  return has('(server\\.\\d|dynamicConfigFile)') && !has('natsUrl');
}

/** @param {string} path */
export function shown(path) {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : `./${short}`;
}

/** How many replicas an earlier demo left here. */
function replicasIn(data) {
  if (!existsSync(data)) return 0;
  return readdirSync(data).filter((name) => /^replica-\d+$/.test(name)).length;
}

/** `--name value` and `--name=value`, of these names only. */
function parse(args, names) {
  const options = {};
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    const [, name, inline] = /^--([\w-]+)(?:=(.*))?$/.exec(arg) ?? [];
    const isKnown = name !== undefined && names.includes(name);
    const value = isKnown ? (inline ?? args[++at]) : undefined;
    if (!value) throw new Stop(`cannot use '${arg}'\n${usage}`, 2);
    options[name] = value;
  }
  return options;
}

/** The first of `count` ports in a row. */
function portOf(text = '2181', count) {
  const port = Number(text);
  const max = 65536 - count;
  if (Number.isInteger(port) && port >= 1 && port <= max) return port;
  throw new Stop(`--port takes a number from 1 to ${max}, not '${text}'`, 2);
}

/** Null when none is asked for. */
async function consolePortOf(text) {
  if (text === undefined) return null;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Stop(`--console-port takes a number from 1 to 65535, not '${text}'`, 2);
  }
  await checkPort(port, 'npm start', port, '--console-port');
  return port;
}

/** Fails with advice when nobody could listen on `port`; `first` is what --port was. */
function checkPort(port, command, first, option = '--port') {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', ({ code }) => {
      const other = first < 1024 ? 2181 : first > 65000 ? first - 100 : first + 100;
      const reasons = {
        EADDRINUSE: `port ${port} is in use`,
        EACCES: `this user may not listen on port ${port}`,
      };
      const reason = reasons[code] ?? `cannot listen on port ${port} (${code})`;
      failed(new Stop(`${reason}; choose another: ${command} -- ${option} ${other}`));
    });
    probe.listen(port, () => probe.close(done));
  });
}
