import { StructuredLogger, type Environment } from '@jwt-auth/chassis';
import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { RevocationList } from '@jwt-auth/jwt-core';
import type { Type } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, expect, vi } from 'vitest';

import { createAuthApp } from '../app.setup.js';
import { Clock } from '../clock.js';
import { readConfig } from '../settings.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';
import { HashCost } from '../users/password-hasher.js';
import { ENCRYPTION_KEY, migratedDatabase } from './migrated-database.fixture.js';

/** A clock that runs, and can be put ahead or stopped. */
export class MovableClock extends Clock {
  private aheadMs = 0;

  private stoppedAtMs: number | undefined;

  override now(): Date {
    return new Date((this.stoppedAtMs ?? Date.now()) + this.aheadMs);
  }

  /** From now on only `advance` moves it, however slow the machine is. */
  stop(): void {
    this.stoppedAtMs = Date.now();
  }

  override async database(manager: EntityManager): Promise<Date> {
    return new Date((this.stoppedAtMs ?? +(await super.database(manager))) + this.aheadMs);
  }

  advance(milliseconds: number): void {
    this.aheadMs += milliseconds;
  }

  reset(): void {
    this.aheadMs = 0;
    this.stoppedAtMs = undefined;
  }
}

export interface Call {
  readonly body?: unknown;
  /** An access token. */
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body;
}

/** An error as a client sees it. */
export interface ProblemBody {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

const CHEAP_HASH: HashCost = { memoryCost: 64, timeCost: 1, parallelism: 1 };

export const PASSWORD = 'correct horse battery staple';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The whole app on a Postgres, called without a socket in between. */
export class AuthApp {
  private mailbox: Mailbox | undefined;

  private constructor(
    private readonly app: Awaited<ReturnType<typeof createAuthApp>>,
    readonly dataSource: DataSource,
    readonly clock: MovableClock,
    readonly databaseUrl: string,
    /** Everything that was logged. */
    readonly log: readonly string[],
  ) {}

  /** Starts on a migrated database of its own, unless `environment` names another. */
  static async start(
    environment: Environment = {},
    { isHashCostReal = false } = {},
  ): Promise<AuthApp> {
    const databaseUrl = environment.DATABASE_URL ?? (await migratedDatabase());
    const config = readConfig({
      DATABASE_URL: databaseUrl,
      KEY_ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64'),
      SEED_DEMO: 'off',
      ...environment,
    });
    const clock = new MovableClock();
    const log: string[] = [];
    const destination = { write: (line: string) => void log.push(line) };
    const logger = new StructuredLogger({ name: 'auth', level: 'debug', destination });
    const app = await createAuthApp(config, logger, { clock });
    // A hash as it is in production takes longer than all else in most tests.
    if (!isHashCostReal) Object.assign(app.get(HashCost, { strict: false }), CHEAP_HASH);
    await app.init();
    // Before its first snapshot the app lets nobody in.
    const list = app.get(RevocationList, { strict: false });
    await vi.waitFor(() => expect(list.isFresh()).toBe(true), 30_000);
    return new AuthApp(app, app.get(DataSource), clock, databaseUrl, log);
  }

  /**
   * Starts before the first test of a file, and stops after the last. Until then it cannot be used.
   *
   * @param environment or what returns it, if it is known only then
   */
  static forFile(
    environment: Environment | (() => Environment) = {},
    options?: Parameters<typeof AuthApp.start>[1],
  ): AuthApp {
    let auth: AuthApp | undefined;
    beforeAll(async () => {
      auth = await AuthApp.start(
        typeof environment === 'function' ? environment() : environment,
        options,
      );
    });
    afterAll(() => auth?.close());
    return standIn(() => auth);
  }

  /** The same, with a mail server of its own. */
  static forFileWithMailbox(environment: Environment = {}): { auth: AuthApp; mailbox: Mailbox } {
    let started: { auth: AuthApp; mailbox: Mailbox } | undefined;
    beforeAll(async () => {
      started = await AuthApp.startWithMailbox(environment);
    });
    afterAll(() => started?.auth.close());
    return { auth: standIn(() => started?.auth), mailbox: standIn(() => started?.mailbox) };
  }

  /** Starts with a mail server of its own, which stops with it. */
  static async startWithMailbox(
    environment: Environment = {},
  ): Promise<{ auth: AuthApp; mailbox: Mailbox }> {
    const mailbox = await Mailbox.start();
    const auth = await AuthApp.start({ ...environment, SMTP_URL: mailbox.smtpUrl });
    auth.mailbox = mailbox;
    return { auth, mailbox };
  }

  /** A provider; its constructor may be private. */
  get<T>(type: { readonly prototype: T }): T {
    return this.app.get<T>(type as Type<T>, { strict: false });
  }

  async call<Body = ProblemBody>(
    method: Method,
    url: string,
    { body, token, headers }: Call = {},
  ): Promise<Answer<Body>> {
    const answer = await this.app.inject({
      method,
      url,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    });
    const parsed: unknown = answer.body === '' ? undefined : JSON.parse(answer.body);
    return { status: answer.statusCode, headers: answer.headers, body: parsed as Body };
  }

  register(email: string, password = PASSWORD): Promise<Answer<{ id: string; email: string }>> {
    return this.call('POST', '/auth/register', { body: { email, password } });
  }

  async login(email: string, password = PASSWORD): Promise<TokenResponse> {
    const body = { email, password };
    const answer = await this.call<TokenResponse>('POST', '/auth/login', { body });
    if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  refresh<Body = TokenResponse>(refreshToken: string): Promise<Answer<Body>> {
    return this.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } });
  }

  /** On a port of its own. Returns its address. */
  async listen(): Promise<string> {
    await this.app.listen(0, '127.0.0.1');
    return this.app.getUrl();
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.mailbox?.stop();
  }
}

/** An object that is there before the one that it stands for, and has the same members. */
function standIn<T extends object>(real: () => T | undefined): T {
  const found = (): T => {
    const it = real();
    if (it) return it;
    throw new Error('It starts before the first test');
  };
  return new Proxy({} as T, {
    get: (_, name) => {
      const member: unknown = Reflect.get(found(), name);
      return typeof member === 'function' ? (member.bind(found()) as unknown) : member;
    },
    set: (_, name, value) => Reflect.set(found(), name, value),
  });
}
