import { DevStackError } from '../errors.js';
import type { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess } from '../supervision/supervised-process.js';
import { until } from '../supervision/until.js';
import { serverEnvironment } from './account.js';
import type { DataDirectory } from './data-directory.js';
import { readPostmaster, removeStalePidFile, runningPostmaster } from './postmaster.js';

/** A minute, because recovery after a crash may read much of the log. */
const READY_WITHIN_MS = 60_000;

/** An operating system that stays up loses nothing by this, however the server itself ends. */
const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', max_connections: '400' };

export interface Launch {
  directory: DataDirectory;
  postgres: string;
  port: number;
  durable: boolean;
  log: ProgramLog;
}

/**
 * Starts a server on an initialised directory and waits until it accepts connections.
 * @throws DevStackError `server_running`, `port_taken`, `did_not_start`
 */
export async function launch(options: Launch): Promise<SupervisedProcess> {
  const { directory, port, log } = options;
  await removeStalePidFile(directory.path);
  refuseSecond(directory.path);
  const logged = log.text().length;
  const server = await SupervisedProcess.start({
    name: 'postgres',
    command: options.postgres,
    args: ['-D', directory.path, ...flags(options)],
    cwd: '/',
    env: serverEnvironment(),
    account: directory.account,
    log,
    stopSignals: ['SIGINT', 'SIGQUIT', 'SIGKILL'],
    removeWhenStopped: directory.temporary,
  });
  const outcome = await until(() => server.ended ?? ready(directory.path, server.pid), {
    withinMs: READY_WITHIN_MS,
    everyMs: 10,
  });
  if (outcome === 'ready') return server;
  await server.stop();
  refuseSecond(directory.path);
  if (log.text().slice(logged).includes('Address already in use')) {
    throw new DevStackError('port_taken', `Port ${port} of 127.0.0.1, for Postgres, is taken.`);
  }
  throw new DevStackError('did_not_start', `Postgres did not start:\n${log.tail()}`);
}

function flags({ port, durable }: Launch): string[] {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...(durable ? {} : NOT_DURABLE),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function refuseSecond(dataDir: string): void {
  const running = runningPostmaster(dataDir);
  if (!running) return;
  throw new DevStackError(
    'server_running',
    `A Postgres server (process ${running.pid}, port ${running.port}) already runs on ${dataDir}. ` +
      'Stop it, or set EMBEDDED_POSTGRES_DIR to another directory.',
  );
}

function ready(dataDir: string, pid: number): 'ready' | undefined {
  const postmaster = readPostmaster(dataDir);
  // A standby accepts connections that only read.
  const isOpen = postmaster?.status === 'ready' || postmaster?.status === 'standby';
  return postmaster?.pid === pid && isOpen ? 'ready' : undefined;
}
