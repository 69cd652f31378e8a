/** What is sent. `form` and `json` are bodies; `basic` is a client's id and secret. */
export interface Question {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly token?: string;
  readonly basic?: readonly [id: string, secret: string];
  readonly json?: object;
  readonly form?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Paused and half-open connections never answer. */
const PATIENCE_MS = 3_000;

/** Sends one request. `undefined`: no answer, and whether it had an effect is not known. */
export async function ask(url: string, question: Question = {}): Promise<Answer | undefined> {
  const { form, json } = question;
  const body = json ? JSON.stringify(json) : form ? new URLSearchParams(form) : null;
  try {
    const response = await fetch(url, {
      method: question.method ?? (body === null ? 'GET' : 'POST'),
      headers: headersOf(question),
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
    };
  } catch {
    return undefined; // cut off, or too late: the very thing that is provoked here
  }
}

/** The body of an answer that says yes. */
export function granted(answer: Answer | undefined): Answer['body'] | undefined {
  return answer && answer.status >= 200 && answer.status < 300 ? answer.body : undefined;
}

function headersOf({ token, basic, json }: Question): Record<string, string> {
  const credentials = token ? `Bearer ${token}` : basic && `Basic ${btoa(basic.join(':'))}`;
  return {
    ...(credentials && { authorization: credentials }),
    ...(json && { 'content-type': 'application/json' }),
  };
}
