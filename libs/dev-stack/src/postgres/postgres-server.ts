import { rmSync } from 'node:fs';
import pg from 'pg';
import { errorCode } from '../error-code.js';
import type { SupervisedProcess } from '../supervision/supervised-process.js';
import { ROLE } from './initialise.js';
import { launch, type Launch } from './launch.js';

const DUPLICATE_DATABASE = '42P04';

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

  /** What the server has logged so far. */
  get log(): string {
    return this.options.log.text();
  }

  /** Settles when the server has ended, whoever wanted it to. */
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

  /** Starts a server that has ended again, on the same data and port. */
  async restart(): Promise<void> {
    this.process = await launch(this.options);
  }
}

/** Makes a database on the server of `url` unless it is there. @returns its address */
export async function createDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (errorCode(error) !== DUPLICATE_DATABASE) throw error;
  } finally {
    await client.end();
  }
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}
