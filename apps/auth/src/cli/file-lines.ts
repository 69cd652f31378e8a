import { createReadStream } from 'node:fs';

/** A line of a file, without its line break. */
export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** `undefined`: it is longer than allowed, or is not UTF-8. */
  readonly text: string | undefined;
}

const LINE_FEED = 0x0a;

/** The lines of a file that are not empty, however long the file is. */
export async function* fileLines(path: string, maxBytes: number): AsyncGenerator<FileLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  let begun: Buffer[] = [];
  let length = 0;

  const end = (): FileLine | undefined => {
    number += 1;
    const bytes = Buffer.concat(begun);
    const isTooLong = length > maxBytes;
    begun = [];
    length = 0;
    if (isTooLong) return { number, text: undefined };
    try {
      const text = decoder.decode(bytes).trim();
      return text === '' ? undefined : { number, text };
    } catch {
      return { number, text: undefined };
    }
  };

  const add = (part: Buffer): void => {
    length += part.length;
    // Only the length of a line that is too long is kept.
    if (length <= maxBytes) begun.push(part);
  };

  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, at));
      const line = end();
      if (line) yield line;
      start = at + 1;
    }
    add(chunk.subarray(start));
  }
  if (length === 0) return;
  const last = end();
  if (last) yield last;
}
