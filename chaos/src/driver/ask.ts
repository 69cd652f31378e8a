import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request. `form` and `json` are bodies; `basic` is a client's id and secret. */
export interface Question {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly token?: string;
  readonly basic?: readonly [id: string, secret: string];
  readonly json?: object;
  readonly form?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A paused or half-open connection never answers. */
const TIMEOUT_MS = 3_000;

/**
 * Not `fetch`: under these faults it came down to a few requests a second, and with it the proxies,
 * which live in the same process.
 */
const agent = new Agent({ keepAlive: true, maxSockets: 24 });

/** Sends one request. `undefined`: no answer, and whether it had an effect is not known. */
export function ask(url: string, question: Question = {}): Promise<Answer | undefined> {
  const { form, json } = question;
  const body = json ? JSON.stringify(json) : form && new URLSearchParams(form).toString();
  const method = question.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve) => {
    // Cut off, or too late: this is what the faults cause.
    const giveUp = () => resolve(undefined);
    const options = {
      method,
      agent,
      headers: headersOf(question),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const asked = request(url, options, (response) => {
      text(response).then((body) => resolve(answerOf(response.statusCode, body)), giveUp);
    });
    asked.on('error', giveUp).end(body);
  });
}

function answerOf(status = 0, body: string): Answer {
  return { status, body: body === '' ? {} : (JSON.parse(body) as Answer['body']) };
}

/** The body of a 2xx answer. */
export function granted(answer: Answer | undefined): Answer['body'] | undefined {
  return answer && answer.status >= 200 && answer.status < 300 ? answer.body : undefined;
}

function headersOf({ token, basic, json, form }: Question): Record<string, string> {
  const credentials = token ? `Bearer ${token}` : basic && `Basic ${btoa(basic.join(':'))}`;
  return {
    ...(credentials && { authorization: credentials }),
    ...(json && { 'content-type': 'application/json' }),
    ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
  };
}
