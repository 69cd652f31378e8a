import { until } from '@jwt-auth/dev-stack';
import type { RevocationKind } from '@jwt-auth/jwt-core';
import { ask, granted } from '../driver/ask.js';
import type { Living } from '../driver/living.js';
import type { Victim } from '../driver/revoking.js';
import { keyOf, type RevocationRecord } from '../oracle/revocation-record.js';
import type { Violation } from '../oracle/probe.js';
import { revocationsOf } from '../oracle/subject.js';
import type { Prober } from './prober.js';

export interface Recovering {
  /** Addresses of the auth processes. */
  readonly auths: readonly string[];
  /** Addresses of the services. */
  readonly services: readonly string[];
  readonly living: Living;
  readonly prober: Prober;
}

/**
 * Waits until every process is ready and every service accepts a token.
 *
 * @returns what still does not work when the time is over; nothing, as soon as everything does
 */
export async function recovery(
  { auths, services, living, prober }: Recovering,
  withinMs: number,
): Promise<readonly string[]> {
  const readiness = async (url: string) => {
    const answer = await ask(`${url}/health/ready`);
    return granted(answer) === undefined ? `${url} is not ready: ${JSON.stringify(answer)}` : '';
  };
  const admission = async (_: string, service: number) => {
    const subject = living.all().at(-1);
    if (subject === undefined) return 'there is no valid token';
    const { verdict } = await prober.show(subject, service);
    return verdict === 'accepted' ? '' : `orders ${service} says ${verdict}`;
  };
  let broken: string[] = [];
  await until(
    async () => {
      const asked = [...[...auths, ...services].map(readiness), ...services.map(admission)];
      broken = (await Promise.all(asked)).filter(Boolean);
      return broken.length === 0;
    },
    { withinMs },
  );
  return broken;
}

interface Page {
  readonly cursor: string;
  readonly more: boolean;
  readonly entries: readonly {
    readonly kind: RevocationKind;
    readonly id: string;
  }[];
}

/** Acknowledged revocations that are missing in a process's feed for a reader that starts anew. */
export async function missingFromFeed(
  auth: string,
  victims: readonly Victim[],
  record: RevocationRecord,
): Promise<Violation[]> {
  const published = await readFeed(auth);
  const acknowledged = new Set(
    record.all().flatMap((one) => (one.acknowledgedAtMs === undefined ? [] : [keyOf(one)])),
  );
  return victims
    .filter(({ revocation }) => acknowledged.has(keyOf(revocation)))
    .filter((victim) => !isPublished(victim, published))
    .map(({ revocation }) => ({
      rule: 'revocation_missing',
      story: `${keyOf(revocation)} was acknowledged, and it is missing in the feed of ${auth}`,
    }));
}

/** By its own id, or because its tokens were revoked before: then the revocation changes nothing. */
function isPublished({ revocation, subjects }: Victim, published: ReadonlySet<string>): boolean {
  // The feed knows a client by its id, however often it was revoked.
  const { kind, id } = revocation;
  if (published.has(keyOf({ kind, id }))) return true;
  const isDead = subjects.map((subject) =>
    revocationsOf(subject).some((way) => published.has(keyOf(way))),
  );
  return kind === 'jti' && isDead.length > 0 && isDead.every(Boolean);
}

/** @throws Error when the feed does not answer */
async function readFeed(auth: string): Promise<Set<string>> {
  const published = new Set<string>();
  for (let after = ''; ;) {
    const answer = granted(await ask(`${auth}/revocations${after}`));
    if (!answer) throw new Error(`The feed of ${auth} does not answer`);
    const { cursor, more, entries } = answer as unknown as Page;
    for (const entry of entries) published.add(keyOf(entry));
    if (!more) return published;
    after = `?after=${encodeURIComponent(cursor)}`;
  }
}
