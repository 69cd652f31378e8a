import {
  describeRequest,
  ApiConnection,
  type ApiAnswer,
  type ApiRequest,
  ApiRequests,
  written,
} from './api-requests.js';
import {
  descriptionFaults,
  operationsOf,
  type ApiDocument,
  type Operation,
} from './api-document.js';
import { AnswerCheck, idIn, parsed } from './answer-check.js';
import type { KnownExamples } from './examples.js';
import { oddPlaces } from './odd-drafts.js';

export interface ApiProbeOptions {
  /** The address of the app. */
  readonly base: string;
  /** Values for members and parameters whose rules the document cannot say. */
  readonly known: KnownExamples;
  /** Who calls an operation. `undefined`: anyone, without credentials. */
  readonly callerOf: (operation: Operation) => string | undefined;
  /** The Authorization header of a caller, anew when the one before was revoked. */
  readonly logIn: (caller: string) => Promise<string>;
  /**
   * Members of an operation's body that only the app can make, such as a token. Without a real one the
   * answer is that to an unknown one, and the document of the other answer stays untried.
   */
  readonly issued?: (operation: Operation) => Promise<Readonly<Record<string, string>> | undefined>;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** A wrong answer, with the request that led to it. */
export type Fault = string;

interface Sent {
  readonly request: ApiRequest;
  readonly operation: Operation | undefined;
  readonly place: string;
}

const PARALLEL = 8;

const DEAD_TOKEN = /"token_(?:revoked|expired|invalid)"/;

/**
 * Calls every operation of an app's OpenAPI document, so that new routes are covered by themselves,
 * and holds each answer to the document.
 */
export class ApiProbe {
  private readonly connection: ApiConnection;
  private readonly requests: ApiRequests;
  private readonly check: AnswerCheck;
  private readonly credentials = new Map<string, Promise<string>>();
  /** How many answers there were, by status. */
  readonly statuses = new Map<number, number>();
  /** The names of the members that answers to valid requests had, by operation: `POST /orders`. */
  readonly members = new Map<string, Set<string>>();
  /** The requests whose answers took longest, the slowest first. */
  private readonly slowest: { durationMs: number; sent: Sent }[] = [];

  private constructor(
    private readonly document: ApiDocument,
    private readonly options: ApiProbeOptions,
  ) {
    this.connection = new ApiConnection(options.base);
    this.requests = new ApiRequests(document, options.known);
    this.check = new AnswerCheck(document);
  }

  /** Reads the document of a running app. */
  static async start(options: ApiProbeOptions): Promise<ApiProbe> {
    const answer = await fetch(`${options.base}/docs-json`);
    return new ApiProbe((await answer.json()) as ApiDocument, options);
  }

  get operations(): Operation[] {
    return operationsOf(this.document);
  }

  close(): void {
    this.connection.close();
  }

  /**
   * Sends valid requests: with what is required, and with all there can be. Parameters of paths are
   * ids of what was made for them by a request to the collection, if there is such a request.
   *
   * @returns also where a valid request was refused as `invalid_input`
   */
  async sendValid(): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const operation of this.operations) {
      const path = await this.realParameters(operation);
      for (const isFull of [false, true]) {
        const { request, answer } = await this.sendExample(operation, isFull, path);
        const body = parsed(answer.body) as { code?: string } | null | undefined;
        this.noteMembers(operation, body);
        const fault =
          this.check.faultOf(operation, request.path, answer) ??
          (body?.code === 'invalid_input'
            ? `refuses what its document calls valid: ${answer.body}`
            : undefined);
        if (fault !== undefined)
          faults.push(describeFault({ request, operation, place: 'valid' }, fault));
      }
    }
    return faults;
  }

  /**
   * Sends requests that are valid but for one odd value, at every place of every operation.
   *
   * @param perPlace at most so many values for a place. Places go on where the one before stopped, so
   *   that together they see all values.
   */
  async sendOdd(perPlace: number): Promise<Fault[]> {
    const faults: Fault[] = [];
    const all = this.oddRequests(perPlace);
    const work = async () => {
      for await (const sent of all) {
        const fault = await this.faultOf(sent);
        if (fault !== undefined) faults.push(describeFault(sent, fault));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return faults;
  }

  /**
   * Sends the odd requests that took longest again, alone: what made them wait was not other requests.
   *
   * @returns those whose answers take longer than `limitMs` once more
   */
  async slowAlone(limitMs: number): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const { sent } of this.slowest.filter((one) => one.durationMs > limitMs)) {
      const { durationMs } = await this.send(sent.request);
      if (durationMs > limitMs) faults.push(describeFault(sent, `takes ${durationMs} ms`));
    }
    return faults;
  }

  /** What is wrong with the document itself. */
  documentFaults(): Fault[] {
    return this.operations.flatMap(descriptionFaults);
  }

  private async *oddRequests(perPlace: number): AsyncGenerator<Sent> {
    let next = 0;
    for (const operation of this.operations) {
      const draft = this.requests.draft(operation, false, await this.realParameters(operation));
      const authorization = await this.authorization(operation);
      const token = /^Bearer (.*)$/.exec(authorization ?? '')?.[1];
      for (const place of oddPlaces(operation, this.document, draft, token)) {
        for (let count = 0; count < Math.min(perPlace, place.size); count += 1) {
          const odd = place.at((next += 1));
          const current = await this.authorization(operation);
          const headers = { ...(current && { authorization: current }), ...odd.draft.headers };
          const request = written(operation, { ...odd.draft, headers });
          const reached = odd.isElsewhere ? undefined : operation;
          yield { request, operation: reached, place: place.name };
        }
      }
    }
  }

  private async faultOf(sent: Sent): Promise<Fault | undefined> {
    try {
      const answer = await this.send(sent.request);
      this.noteDuration(sent, answer);
      return this.check.faultOf(sent.operation, sent.request.path, answer);
    } catch (error) {
      return `has no answer: ${String(error)}`;
    }
  }

  private async sendExample(
    operation: Operation,
    isFull: boolean,
    path: Readonly<Record<string, string>>,
  ) {
    const draft = this.requests.draft(operation, isFull, path);
    const authorization = await this.authorization(operation);
    const headers = { ...draft.headers, ...(authorization && { authorization }) };
    const request = written(operation, { ...draft, headers });
    return { request, answer: await this.send(request) };
  }

  /** Ids of what there is, of a new one or of the last one in the list, and what was issued. */
  private async realParameters(operation: Operation): Promise<Record<string, string>> {
    const found: Record<string, string> = { ...(await this.options.issued?.(operation)) };
    const { path } = operation;
    for (const [whole, name = ''] of path.matchAll(/\{(\w+)\}/g)) {
      const collection = path.slice(0, path.indexOf(`/${whole}`));
      for (const method of ['POST', 'GET']) {
        const parent = this.operations.find(
          (one) => one.method === method && one.path === collection,
        );
        if (!parent || found[name] !== undefined) continue;
        const above = await this.realParameters(parent);
        const { answer } = await this.sendExample(parent, false, above);
        const id = idIn(parsed(answer.body), name);
        if (id !== undefined) found[name] = id;
      }
    }
    return found;
  }

  private async send(request: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.connection.send(request, this.options.timeoutMs);
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
    if (answer.status === 401 && DEAD_TOKEN.test(answer.body)) {
      await this.forget(request.headers['authorization']);
    }
    return answer;
  }

  private async authorization(operation: Operation): Promise<string | undefined> {
    const caller = this.options.callerOf(operation);
    if (caller === undefined) return undefined;
    const known = this.credentials.get(caller) ?? this.options.logIn(caller);
    this.credentials.set(caller, known);
    return known;
  }

  /** Requests end sessions and delete accounts: their callers log in again. */
  private async forget(authorization: string | undefined): Promise<void> {
    for (const [caller, known] of this.credentials) {
      if ((await known) === authorization) this.credentials.delete(caller);
    }
  }

  private noteMembers({ method, path }: Operation, body: object | null | undefined): void {
    const known = this.members.get(`${method} ${path}`) ?? [];
    this.members.set(`${method} ${path}`, new Set([...known, ...Object.keys(body ?? {})]));
  }

  private noteDuration(sent: Sent, { durationMs }: ApiAnswer): void {
    this.slowest.push({ durationMs, sent });
    this.slowest.sort((a, b) => b.durationMs - a.durationMs).splice(20);
  }
}

const describeFault = ({ request, place }: Sent, fault: Fault): Fault =>
  `${describeRequest(request)} (${place}): ${fault.slice(0, 500)}`;
