import { setTimeout as sleep } from 'node:timers/promises';
import { ask, bearer } from '../apps/ask.js';
import type { ServiceClient } from '../apps/service-client.js';
import type { Progress } from '../harness/benchmark.js';
import { busyShare, currentUsage } from '../apps/process-usage.js';

export interface Watch {
  readonly client: ServiceClient;
  /** One for each revocation. */
  readonly tokens: readonly string[];
  /** The address of a guarded route of each service. */
  readonly services: readonly string[];
  readonly perSecond: number;
}

/** All in milliseconds. */
export interface Reach {
  /** From a revocation's acknowledgement to the first 401, of each service. */
  readonly each: readonly number[];
  /** The same of the last service. */
  readonly last: readonly number[];
  /** The time that a 401 itself took, which is part of the others. */
  readonly roundTrips: readonly number[];
  /** How busy the asking process was itself, from 0 to 1. */
  readonly driverBusy: number;
}

interface Refusal {
  readonly afterMs: number;
  readonly roundTripMs: number;
}

const pollEveryMs = 2;
const giveUpAfterMs = 20_000;

/**
 * Revokes tokens at an even pace, and asks each service every two milliseconds from the
 * acknowledgement on, until it refuses.
 *
 * @throws Error when a service refuses a valid token, or accepts a revoked one for 20 seconds
 */
export async function revokeAndWatch(
  { client, tokens, services, perSecond }: Watch,
  progress: Progress,
): Promise<Reach> {
  await expectAlive(tokens, services, progress);
  const before = currentUsage();
  const startedMs = performance.now();
  const watching: Promise<Refusal[]>[] = [];
  for (const [index, token] of tokens.entries()) {
    const dueInMs = startedMs + (index * 1000) / perSecond - performance.now();
    if (dueInMs > 0) await sleep(dueInMs);
    if (index % perSecond === 0) progress(`revocation ${index} of ${tokens.length}`);
    const refusals = revokeOne(client, token, services);
    // Until they are all awaited: one that fails must not end the process before the apps.
    refusals.catch(() => undefined);
    watching.push(refusals);
  }
  const refusals = await Promise.all(watching);
  return {
    each: refusals.flat().map(({ afterMs }) => afterMs),
    last: refusals.map((of) => Math.max(...of.map(({ afterMs }) => afterMs))),
    roundTrips: refusals.flat().map(({ roundTripMs }) => roundTripMs),
    driverBusy: busyShare(before, currentUsage()),
  };
}

/** A 401 means something only for a token that was accepted before. */
async function expectAlive(
  tokens: readonly string[],
  services: readonly string[],
  progress: Progress,
): Promise<void> {
  for (const [index, token] of tokens.entries()) {
    if (index % 100 === 0) progress(`showing token ${index} of ${tokens.length}`);
    await Promise.all(
      services.map(async (service) => {
        const { status, text } = await ask(service, { headers: bearer(token) });
        if (!isAlive(status)) throw new Error(`${service} answers ${status} ${text}`);
      }),
    );
  }
}

/** 403: the token is good, and not for this. */
const isAlive = (status: number) => status === 200 || status === 403;

async function revokeOne(
  client: ServiceClient,
  token: string,
  services: readonly string[],
): Promise<Refusal[]> {
  await client.revoke(token);
  const acknowledgedAtMs = performance.now();
  return Promise.all(services.map((service) => firstRefusal(service, token, acknowledgedAtMs)));
}

async function firstRefusal(
  service: string,
  token: string,
  acknowledgedAtMs: number,
): Promise<Refusal> {
  for (;;) {
    const askedAtMs = performance.now();
    const { status, text } = await ask(service, { headers: bearer(token) });
    const now = performance.now();
    if (status === 401 && text.includes('token_revoked')) {
      return { afterMs: now - acknowledgedAtMs, roundTripMs: now - askedAtMs };
    }
    if (!isAlive(status)) throw new Error(`${service} answers ${status} ${text}`);
    if (now - acknowledgedAtMs > giveUpAfterMs)
      throw new Error(`${service} accepts a revoked token`);
    await sleep(pollEveryMs);
  }
}
