import { subjectOf, type Subject } from '../oracle/subject.js';
import { Random } from '../plan/random.js';
import type { Administrator } from './administrator.js';
import { ask, granted } from './ask.js';

/** A client of the token endpoint. */
export interface Client {
  readonly id: string;
  readonly secret: string;
  /** How often it was revoked and went on. */
  readonly generation: number;
}

/** A user's login. */
export interface Session {
  readonly sid: string;
  readonly refreshToken: string;
  readonly subjects: readonly Subject[];
}

/** How many valid ones there should be. */
export interface Population {
  readonly clientTokens: number;
  readonly sessions: number;
}

const PASSWORD = 'seven herons over the weir';
const SCOPE = 'orders:read';
const CLIENTS = 5;
const USERS = 8;
/** One of this many tokens is never revoked by itself. */
const SPARED = 10;
/** No token is presented when it has less than this before it expires. */
const MARGIN_SECONDS = 60;

/** Tokens, sessions and clients that no operation has tried to revoke. `replenishing` keeps their number. */
export class Living {
  readonly clients: Client[] = [];
  readonly sessions: Session[] = [];
  /** Of clients, to be revoked one by one. */
  readonly tokens: Subject[] = [];
  /** Never chosen. */
  readonly spared: Subject[] = [];
  minted = 0;
  /** Keys that an operation has tried to withdraw: a token that they have just signed may be refused. */
  readonly withdrawn = new Set<string>();
  private readonly users: string[] = [];

  constructor(
    private readonly auths: readonly string[],
    private readonly administrator: Administrator,
    private readonly population: Population,
    private readonly random: Random,
  ) {}

  /** Every token that every service must accept. */
  all(): Subject[] {
    return [...this.spared, ...this.tokens, ...this.sessions.flatMap(({ subjects }) => subjects)];
  }

  /**
   * Steps towards full numbers, each to be repeated again and again, side by side: while one waits
   * for an answer that does not come, others go on.
   */
  get replenishing(): (() => Promise<void>)[] {
    const { users, clients, sessions, tokens } = this;
    const whenever = (isDue: () => boolean, act: () => Promise<void>) => async () => {
      this.dropExpiring();
      if (isDue()) await act();
    };
    const register = whenever(
      () => users.length < USERS,
      () => this.register(),
    );
    const make = whenever(
      () => clients.length < CLIENTS,
      () => this.makeClient(),
    );
    const logIn = whenever(
      () => users.length > 0 && sessions.length < this.population.sessions,
      () => this.logIn(),
    );
    const mint = whenever(
      () => clients.length > 0 && tokens.length < this.population.clientTokens,
      () => this.mint(),
    );
    return [
      register,
      make,
      make,
      ...Array<typeof mint>(3).fill(logIn),
      ...Array<typeof mint>(8).fill(mint),
    ];
  }

  /** Removes the subjects, and the sessions with a subject, for which `isDead` is true. */
  remove(isDead: (subject: Subject) => boolean): void {
    for (const pool of [this.tokens, this.spared]) replace(pool, (one) => !isDead(one));
    replace(this.sessions, ({ subjects }) => !subjects.some(isDead));
  }

  private dropExpiring(): void {
    const soon = Date.now() / 1000 + MARGIN_SECONDS;
    this.remove(({ exp }) => exp < soon);
  }

  private get auth(): string {
    return this.random.pick(this.auths as [string, ...string[]]);
  }

  private async register(): Promise<void> {
    const email = `user-${this.random.between(0, 1e9)}@example.com`;
    const json = { email, password: PASSWORD };
    if (granted(await ask(`${this.auth}/auth/register`, { json }))) this.users.push(email);
  }

  private async makeClient(): Promise<void> {
    const json = { name: 'chaos', grants: ['client_credentials'], scopes: [SCOPE] };
    const body = granted(await this.administrator.ask(this.auth, '/admin/clients', { json }));
    const [id, secret] = [String(body?.['id']), String(body?.['secret'])];
    if (body) this.clients.push({ id, secret, generation: 0 });
  }

  private async logIn(): Promise<void> {
    const email = this.random.pick(this.users as [string, ...string[]]);
    const json = { email, password: PASSWORD };
    const login = granted(await ask(`${this.auth}/auth/login`, { json }));
    if (!login) return;
    // A second token of the same session, which must be refused with the first.
    const again = { json: { refresh_token: login['refresh_token'] } };
    const refreshed = granted(await ask(`${this.auth}/auth/refresh`, again));
    if (!refreshed) return;
    const subjects = [login, refreshed].map((body) => subjectOf(String(body['access_token'])));
    if (subjects.some(({ kid }) => this.withdrawn.has(kid))) return;
    this.minted += subjects.length;
    const refreshToken = String(refreshed['refresh_token']);
    this.sessions.push({ sid: subjects[0]?.sid ?? '', refreshToken, subjects });
  }

  private async mint(): Promise<void> {
    const client = this.random.pick(this.clients as [Client, ...Client[]]);
    const form = { grant_type: 'client_credentials', scope: SCOPE };
    const basic = [client.id, client.secret] as const;
    const body = granted(await ask(`${this.auth}/oauth/token`, { form, basic }));
    // If the client was revoked meanwhile, this token may be revoked, or not.
    if (!body || !this.clients.includes(client)) return;
    const subject = subjectOf(String(body['access_token']), client.generation);
    if (this.withdrawn.has(subject.kid)) return;
    this.minted += 1;
    const isSpared =
      this.minted % SPARED === 0 && this.spared.length < this.population.clientTokens / 6;
    (isSpared ? this.spared : this.tokens).push(subject);
  }
}

function replace<T>(values: T[], isKept: (value: T) => boolean): void {
  const kept = values.filter(isKept);
  if (kept.length < values.length) values.splice(0, values.length, ...kept);
}
