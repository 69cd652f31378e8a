import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compactId } from './compact-id.js';
import { RevocationList } from './revocation-list.js';
import type { RevocableToken } from './revocation-entries.js';
import { REVOCATION_KINDS, type Revocation, type RevocationKind } from './revocation.js';

const MAX_STALENESS_MS = 1_000;
const IDS = ['a', 'b', 'ffffffff-ffff-4fff-bfff-ffffffffffff'];

type Ids = Readonly<Record<RevocationKind, string>>;

/**
 * Their entries concern every token with the id. One of a client also depends on when it was
 * issued.
 */
const PLAIN_KINDS = REVOCATION_KINDS.filter((kind) => kind !== 'client');

/** Every way in which a token can be, as far as these entries are concerned. */
const TOKENS: readonly (RevocableToken & { readonly ids: Ids })[] = [
  ...IDS.flatMap((id) => PLAIN_KINDS.map((kind) => ({ [kind]: id }))),
  ...IDS.map((client) => ({ client })),
].flatMap((named) =>
  ('client' in named ? [undefined, 0, 1, 2] : [undefined]).flatMap((tokenVersion) =>
    ('client' in named ? [5, 10, 15] : [5]).map((issuedAt) => {
      const ids: Ids = { jti: 'x', sid: 'x', kid: 'x', client: 'x', ...named };
      return {
        ids,
        tokenId: compactId(ids.jti),
        sessionId: compactId(ids.sid),
        kid: ids.kid,
        clientId: ids.client,
        issuedAt,
        tokenVersion,
      };
    }),
  ),
);

/**
 * The entries of a list, in a Map: several that name the same are kept for as long as any of them.
 */
class Entries {
  private readonly byName = new Map<string, readonly Revocation[]>();

  add(entry: Revocation): void {
    const name = `${entry.kind} ${entry.id}`;
    this.byName.set(name, [...(this.byName.get(name) ?? []), entry]);
  }

  prune(before: number): void {
    for (const [name, entries] of this.byName) {
      if (entries.every(({ exp }) => exp < before)) this.byName.delete(name);
    }
  }

  get size(): number {
    return this.byName.size;
  }

  revokes({ ids, tokenVersion, issuedAt }: (typeof TOKENS)[number]): boolean {
    const { client, ...others } = ids;
    if (Object.entries(others).some(([kind, id]) => this.byName.has(`${kind} ${id}`))) return true;
    const entries = this.byName.get(`client ${client}`) ?? [];
    const numbers = entries.flatMap((entry) => entry.tokenVersion ?? []);
    // Numbers decide, if both sides have one.
    if (tokenVersion !== undefined && numbers.length > 0) {
      return numbers.some((number) => tokenVersion < number);
    }
    return entries.some(({ before = Infinity }) => issuedAt <= before);
  }
}

class Model {
  nowMs = 0;
  entries = new Entries();
  next: Entries | undefined;
  isBlind = true;
  provenAtMs = -Infinity;
  chainAskedAtMs: number | undefined;
  addedAtMs = -Infinity;

  add(entries: readonly Revocation[]): void {
    for (const each of new Set([this.entries, this.next])) {
      for (const entry of entries) each?.add(entry);
    }
  }

  addBesideChain(entries: readonly Revocation[]): void {
    if (entries.length > 0) this.addedAtMs = this.nowMs;
    this.add(entries);
  }

  beginSnapshot(askedAtMs: number): void {
    const mayLackEntries = this.addedAtMs >= askedAtMs;
    this.next = mayLackEntries ? this.entries : new Entries();
    // A blind list lets nobody in: it can begin with what it gets.
    if (this.isBlind) this.entries = this.next;
    this.chainAskedAtMs = askedAtMs;
  }

  prove(askedAtMs: number): void {
    if (!this.isBlind) this.provenAtMs = Math.max(this.provenAtMs, askedAtMs);
  }
}

class Real {
  readonly list: RevocationList;

  constructor(model: Model) {
    this.list = new RevocationList({
      maxStalenessMs: MAX_STALENESS_MS,
      monotonicNow: () => model.nowMs,
    });
  }
}

/** A step of both, after which they are compared. */
class Step implements fc.Command<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly ofModel: (model: Model) => void,
    private readonly ofList: (list: RevocationList, model: Model) => void,
  ) {}

  check = () => true;

  run(model: Model, { list }: Real): void {
    this.ofModel(model);
    this.ofList(list, model);
    expect(list.size).toBe(model.entries.size);
    const age = model.nowMs - model.provenAtMs;
    expect(list.proofAgeMs()).toBe(age);
    const known = age <= MAX_STALENESS_MS ? 'fresh' : 'stale';
    expect(list.state).toBe(model.isBlind ? 'blind' : known);
    const wrong = TOKENS.filter((token) => list.isRevoked(token) !== model.entries.revokes(token));
    expect(
      wrong.map(({ ids, issuedAt, tokenVersion }) => ({ ...ids, issuedAt, tokenVersion })),
    ).toEqual([]);
  }

  toString = () => this.name;
}

const exp = fc.constantFrom(100, 200, 300);
const entry: fc.Arbitrary<Revocation> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...PLAIN_KINDS),
    id: fc.constantFrom(...IDS),
    exp,
  }),
  fc.record(
    {
      kind: fc.constant('client' as const),
      id: fc.constantFrom(...IDS),
      exp,
      before: fc.constantFrom(5, 10, 14),
      tokenVersion: fc.constantFrom(1, 2),
    },
    { requiredKeys: ['kind', 'id', 'exp', 'before'] },
  ),
);
const entries = fc.array(entry, { maxLength: 3 });
/** How long ago the source was asked. */
const agoMs = fc.constantFrom(0, 200, 900);

const answer = fc.record({ entries, reset: fc.boolean(), more: fc.boolean(), agoMs }).map(
  ({ agoMs, ...batch }) =>
    new Step(
      `apply(${JSON.stringify({ ...batch, agoMs })})`,
      (model) => {
        const askedAtMs = model.nowMs - agoMs;
        if (batch.reset) model.beginSnapshot(askedAtMs);
        model.chainAskedAtMs ??= askedAtMs;
        model.add(batch.entries);
        if (batch.more) return;
        if (model.next) [model.entries, model.next, model.isBlind] = [model.next, undefined, false];
        model.prove(model.chainAskedAtMs);
        model.chainAskedAtMs = undefined;
      },
      (list, { nowMs }) => list.apply({ cursor: 'c', ...batch }, nowMs - agoMs),
    ),
);
const confirmation = fc.tuple(entries, agoMs).map(
  ([added, ago]) =>
    new Step(
      `confirm(${JSON.stringify(added)}, ${ago} ms ago)`,
      (model) => {
        model.addBesideChain(added);
        model.prove(model.nowMs - ago);
      },
      (list, { nowMs }) => list.confirm(added, nowMs - ago),
    ),
);
const addition = entries.map(
  (added) =>
    new Step(
      `add(${JSON.stringify(added)})`,
      (model) => model.addBesideChain(added),
      (list) => list.add(added),
    ),
);
const pruning = fc.constantFrom(50, 160, 161, 260, 361).map(
  (nowSeconds) =>
    new Step(
      `prune(${nowSeconds})`,
      (model) => model.entries.prune(nowSeconds - 60),
      (list) => list.prune(nowSeconds),
    ),
);
const waiting = fc.constantFrom(100, 700, 2_000).map(
  (ms) =>
    new Step(
      `${ms} ms pass`,
      (model) => (model.nowMs += ms),
      () => undefined,
    ),
);

it('a list revokes what a Map of its entries does, and is as old as its last proof', () => {
  const steps = fc.commands([answer, answer, confirmation, addition, pruning, waiting], {
    size: 'max',
    maxCommands: 40,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const model = new Model();
      fc.modelRun(() => ({ model, real: new Real(model) }), all);
    }),
    runs(100),
  );
});
