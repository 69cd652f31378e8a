import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Seen } from './clients.js';

const CONNECTIONS = 8;
const PAUSE_MS = 20;
const ANSWER_MS = 60_000;

/** Sends requests one after the other over a few connections, which stay open. */
export class KeptAlive {
  readonly seen = new Seen();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  private readonly stopping = new AbortController();
  private readonly startedMs = performance.now();
  private readonly loops: Promise<void>[];
  private opened = 0;
  private sent = 0;

  /** @param calls sent in turns: all succeed, and can be repeated */
  constructor(
    private readonly token: string,
    private readonly calls: readonly { readonly url: string; readonly json?: object }[],
  ) {
    this.loops = Array.from({ length: CONNECTIONS }, () => this.repeat());
  }

  /** Since the first request. */
  get elapsed(): string {
    return `${((performance.now() - this.startedMs) / 1_000).toFixed(1)} s`;
  }

  /** How many requests were answered, or failed. */
  get count(): number {
    return this.sent;
  }

  /** How many connections were opened. */
  get connections(): number {
    return this.opened;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
    this.agent.destroy();
  }

  private async repeat(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { url, json } = this.calls[this.sent++ % this.calls.length]!;
      this.seen.add(await this.outcomeOf(url, json), performance.now() - this.startedMs);
      await sleep(PAUSE_MS);
    }
  }

  /** `ok`, the status and code of a refusal, or the code of a broken connection. */
  private outcomeOf(url: string, json: object | undefined): Promise<string> {
    return new Promise((resolve) => {
      const asked = request(url, {
        method: json ? 'POST' : 'GET',
        agent: this.agent,
        timeout: ANSWER_MS,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(json && { 'content-type': 'application/json' }),
        },
      });
      asked.on('response', (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => (body += text));
        answer.on('error', (error) => resolve(reasonOf(error)));
        const isGranted = answer.statusCode === 200 || answer.statusCode === 201;
        const code = () => /"code":"(\w+)"/.exec(body)?.[1] ?? '';
        answer.on('end', () => resolve(isGranted ? 'ok' : `${answer.statusCode} ${code()}`));
      });
      asked.on('socket', () => (this.opened += asked.reusedSocket ? 0 : 1));
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', (error) => resolve(reasonOf(error)));
      asked.end(json && JSON.stringify(json));
    });
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
