import { Agent, request } from 'node:http';

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });
const answerWithinMs = 30_000;

/**
 * One request over a connection that is kept: `fetch` takes several times the processor time, and
 * that is the time of the machine which is being measured.
 */
export function ask(url: string, { method = 'GET', headers = {}, body }: Question = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const asking = request(url, { agent, method, headers, timeout: answerWithinMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    asking.once('timeout', () => asking.destroy(new Error(`${url} does not answer`)));
    asking.once('error', reject);
    asking.end(body);
  });
}

/** A JSON body by POST, and the body of the answer. @throws Error for any other status */
export async function post<Body>(
  url: string,
  body: unknown,
  expected: number,
  token?: string,
): Promise<Body> {
  const headers = { 'content-type': 'application/json', ...(token && bearer(token)) };
  const { status, text } = await ask(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (status !== expected) throw new Error(`${url} answers ${status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as Body;
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
