import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, until } from '@jwt-auth/dev-stack';
import { ask, granted, type Answer, type Question } from '../driver/ask.js';
import type { DrillStage } from './drill-stage.js';

/** What clients saw of one kind of call: outcomes and when. */
export class Seen {
  private readonly outcomes = new Map<string, { count: number; firstMs: number; lastMs: number }>();
  private latest = 'nothing';

  /** @param outcome `ok`, or what went wrong @param atMs since the clients began */
  add(outcome: string, atMs: number): void {
    const known = this.outcomes.get(outcome);
    this.outcomes.set(outcome, {
      count: (known?.count ?? 0) + 1,
      firstMs: known?.firstMs ?? atMs,
      lastMs: atMs,
    });
    this.latest = outcome;
  }

  /** The outcome of the last call. */
  get last(): string {
    return this.latest;
  }

  /** How often there was this one. */
  count(outcome: string): number {
    return this.outcomes.get(outcome)?.count ?? 0;
  }

  /** All but `ok`. */
  get troubles(): string[] {
    return [...this.outcomes.keys()].filter((outcome) => outcome !== 'ok');
  }

  /** Such as `120 ok, 7 × 503 database_unavailable from 2.1 s to 3.4 s`. */
  toString(): string {
    const ok = this.count('ok');
    const others = [...this.outcomes].filter(([outcome]) => outcome !== 'ok');
    return [
      `${ok} ok`,
      ...others.map(
        ([outcome, { count, firstMs, lastMs }]) =>
          `${count} × ${outcome} from ${seconds(firstMs)} to ${seconds(lastMs)}`,
      ),
    ].join(', ');
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** What clients see while the database of an app is away. */
export const DATABASE_AWAY = '503 database_unavailable';

export const CALLS = ['login', 'refresh', 'orders'] as const;
export type Call = (typeof CALLS)[number];

const PAUSE_MS = 100;

/** Sends a request as the balancer of docs/operations.md does: to another process after a 503 or none. */
export async function send(
  urls: readonly string[],
  path: string,
  question?: Question,
): Promise<Answer | undefined> {
  let answer: Answer | undefined;
  for (const url of urls) {
    answer = await ask(url + path, question);
    if (answer && answer.status !== 503) return answer;
  }
  return answer;
}

/** Three clients: one logs in again and again, one refreshes its session, one lists its orders. */
export class Clients {
  readonly seen: Readonly<Record<Call, Seen>> = {
    login: new Seen(),
    refresh: new Seen(),
    orders: new Seen(),
  };
  private readonly stopping = new AbortController();
  private readonly startedMs = performance.now();
  private loops: Promise<void>[] = [];

  private constructor(
    private readonly stage: DrillStage,
    private refreshToken: string,
    private accessToken: string,
  ) {}

  static async start(stage: DrillStage): Promise<Clients> {
    const [first, second] = [await logIn(stage), await logIn(stage)];
    const clients = new Clients(
      stage,
      String(first['refresh_token']),
      String(second['access_token']),
    );
    clients.loops = CALLS.map((call) => clients.repeat(call));
    return clients;
  }

  /** Since they started. */
  get elapsed(): string {
    return `${((performance.now() - this.startedMs) / 1_000).toFixed(1)} s`;
  }

  /** Whether each kind of call succeeded now. */
  haveRecovered(calls: readonly Call[] = CALLS, withinMs = 60_000): Promise<boolean> {
    return until(() => calls.every((call) => this.seen[call].last === 'ok'), { withinMs });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async repeat(call: Call): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const answer = await this[call]();
      this.seen[call].add(outcomeOf(answer), performance.now() - this.startedMs);
      await sleep(PAUSE_MS);
    }
  }

  private login(): Promise<Answer | undefined> {
    return send(this.stage.urls('auth'), '/auth/login', { json: DEMO.ada });
  }

  /** Retries with the same token until there is a new one, as a client must. */
  private async refresh(): Promise<Answer | undefined> {
    const json = { refresh_token: this.refreshToken };
    const answer = await send(this.stage.urls('auth'), '/auth/refresh', { json });
    const next = granted(answer)?.['refresh_token'];
    if (typeof next === 'string') this.refreshToken = next;
    return answer;
  }

  private orders(): Promise<Answer | undefined> {
    return send(this.stage.urls('orders'), '/orders', { token: this.accessToken });
  }
}

/** The answer to a login that must succeed. */
export async function logIn(stage: DrillStage): Promise<Answer['body']> {
  const answer = await send(stage.urls('auth'), '/auth/login', { json: DEMO.ada });
  const body = granted(answer);
  if (!body) throw new Error(`A login failed: ${outcomeOf(answer)}`);
  return body;
}

/** `ok`, or the status and code of a refusal. */
export function outcomeOf(answer: Answer | undefined): string {
  if (!answer) return 'no answer';
  return granted(answer) ? 'ok' : `${answer.status} ${String(answer.body['code'])}`;
}
