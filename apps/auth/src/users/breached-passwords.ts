import { createHash } from 'node:crypto';

import { Injectable, Logger } from '@nestjs/common';

import { Config } from '../config.js';
import { UsersError } from './users.errors.js';

/** A list has some 800 entries of 40 bytes, or twice that. */
const MAX_BYTES = 1_048_576;
/** At once, by one process. Beyond, passwords pass unchecked. */
const MAX_REQUESTS = 50;

const ENTRY = /^(?<suffix>[0-9A-F]{35}):(?<count>\d+)$/i;

/**
 * Refuses new passwords that were stolen elsewhere (threat:breached-passwords; NIST SP 800-63B section 5.1.1.2), if
 * `BREACHED_PASSWORDS_URL` names a list. By k-anonymity: only the first 5 of the 40 hex digits of the
 * password's SHA-1 leave this process, and the list answers with all hashes that begin so. SHA-1 is the
 * form of the list, and stored nowhere.
 *
 * A list that is slow, away or wrong keeps nobody out.
 */
@Injectable()
export class BreachedPasswords {
  /** What checks led to. `unavailable`: the password passed unchecked. */
  readonly outcomes = { clean: 0, breached: 0, unavailable: 0 };
  /** An answer that takes longer is no answer: a user waits for it. */
  timeoutMs = 1_000;
  private readonly logger = new Logger(BreachedPasswords.name);
  private running = 0;
  private isFailing = false;

  constructor(private readonly config: Config) {}

  /**
   * @param path of the password in the request
   * @throws UsersError `password_breached`
   */
  async refuse(password: string, path: string): Promise<void> {
    const { breachedPasswordsUrl: url } = this.config;
    if (url === undefined) return;
    const outcome = await this.check(url, password);
    this.outcomes[outcome] += 1;
    if (outcome !== 'breached') return;
    throw new UsersError('password_breached', 'The password is in the list of breached ones', {
      path,
    });
  }

  private async check(url: string, password: string): Promise<keyof typeof this.outcomes> {
    if (this.running >= MAX_REQUESTS) return 'unavailable';
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    const [prefix, suffix] = [hash.slice(0, 5), hash.slice(5)];
    this.running += 1;
    try {
      const isListed = await isIn(`${url}/${prefix}`, suffix, AbortSignal.timeout(this.timeoutMs));
      this.isFailing = false;
      return isListed ? 'breached' : 'clean';
    } catch (error) {
      if (!this.isFailing) this.logger.warn('Breached passwords cannot be checked', error);
      this.isFailing = true;
      return 'unavailable';
    } finally {
      this.running -= 1;
    }
  }
}

/** @throws Error if the list is not there, or not one */
async function isIn(address: string, suffix: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(address, {
    // All answers get about the same length, so that an observer learns nothing from it.
    headers: { 'Add-Padding': 'true', accept: 'text/plain' },
    redirect: 'error',
    signal,
  });
  const text = await readAtMost(answer, MAX_BYTES);
  if (answer.status !== 200) throw new Error(`The list answered ${answer.status}`);
  const entries = text.split(/\r?\n/).filter((line) => line !== '');
  return entries.map(entryOf).some((entry) => entry.suffix === suffix && entry.count > 0);
}

function entryOf(line: string): { readonly suffix: string; readonly count: number } {
  const { suffix, count } = ENTRY.exec(line)?.groups ?? {};
  if (suffix === undefined) throw new Error('The list has a line that is no entry');
  // Padding has the count 0.
  return { suffix: suffix.toUpperCase(), count: Number(count) };
}

/** The whole body, so that the connection can be used again. */
async function readAtMost({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`The answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
