/** `fetch`, with a sentence that helps where nobody answers. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  } catch (cause) {
    const { origin } = new URL(url);
    throw new Error(`Nothing answers at ${origin}. Does \`npm start\` run in another terminal?`, {
      cause,
    });
  }
}

/** The JSON of an answer that is no error. */
export async function expectJson<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}
