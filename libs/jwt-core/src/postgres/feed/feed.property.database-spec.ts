import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from '../migrated-database.fixture.js';
import { FeedConnection } from './connection.js';
import { CursorCodec, THE_BEGINNING, type PublicationKey } from './cursor.js';
import { ModelDatabase, RealDatabase, type Transactions } from './model-database.fixture.js';
import { readPage, type FeedPage } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

const cursors = new CursorCodec(Buffer.from('secret'), 'identity');
const limit = 3;

type Connection = ModelDatabase['connection'];

/** Reads on from its cursor, whichever process serves it. */
class Reader {
  readonly seen = new Set<string>();
  private cursor: string | undefined;

  async read(connection: Connection, recent?: RecentRevocations): Promise<FeedPage> {
    const asked = this.cursor === undefined ? undefined : cursors.decode(this.cursor);
    const after = asked?.place ?? THE_BEGINNING;
    const known = recent?.read(after);
    const isFromMemory = known !== undefined && known.entries.length <= limit;
    const page = isFromMemory ? known : await readPage(connection, { after, limit });
    for (const { id } of page.entries) this.seen.add(id);
    const { place, snapshot } = page;
    this.cursor = cursors.encode({ place, xmax: snapshot.xmax, jwks: undefined });
    return page;
  }
}

/** A history of the model: its readers, and what one of two processes serves them from memory. */
class Feed {
  readonly readers = [new Reader(), new Reader(), new Reader()];
  /** What was committed when a reader asked for the first of its pages. */
  private readonly promised = new Map<Reader, readonly PublicationKey[]>();

  private constructor(
    readonly database: ModelDatabase,
    readonly recent: RecentRevocations,
  ) {}

  static async begin(): Promise<Feed> {
    const database = new ModelDatabase();
    const page = await readPage(database.connection, { after: THE_BEGINNING });
    return new Feed(database, new RecentRevocations(cursors, page));
  }

  async read(reader: Reader, isFromMemory: boolean): Promise<void> {
    const { database, recent } = this;
    if (isFromMemory) {
      do recent.append(await readPage(database.connection, { after: recent.place, limit }));
      while (recent.isBehind);
    }
    const promised = this.promised.get(reader) ?? [...database.visible];
    this.promised.set(reader, promised);
    const { more } = await reader.read(database.connection, isFromMemory ? recent : undefined);
    if (more) return;
    expect(promised.filter(({ id }) => !reader.seen.has(id))).toEqual([]);
    this.promised.delete(reader);
  }
}

class Step<Real> implements fc.AsyncCommand<object, Real> {
  constructor(
    private readonly name: string,
    private readonly act: (real: Real) => unknown,
  ) {}

  check = () => true;

  async run(_model: object, real: Real): Promise<void> {
    await this.act(real);
  }

  toString = () => this.name;
}

const some = fc.nat({ max: 7 });
const transactionSteps = <Real>(of: (real: Real) => Transactions) => [
  fc.constant(new Step<Real>('begin', (real) => of(real).begin())),
  some.map((index) => new Step<Real>(`publish ${index}`, (real) => of(real).publish(index))),
  some.map((index) => new Step<Real>(`publish ${index}`, (real) => of(real).publish(index))),
  some.map((index) => new Step<Real>(`commit ${index}`, (real) => of(real).commit(index))),
  some.map((index) => new Step<Real>(`roll back ${index}`, (real) => of(real).rollBack(index))),
];

describe('a feed over a model of what Postgres shows', () => {
  it('sends every reader everything that was committed before its request', async () => {
    const reading = fc
      .tuple(fc.nat({ max: 2 }), fc.boolean())
      .map(
        ([index, isFromMemory]) =>
          new Step<Feed>(`read ${index}${isFromMemory ? ' from memory' : ''}`, (feed) =>
            feed.read(feed.readers[index]!, isFromMemory),
          ),
      );
    const crash = new Step<Feed>('crash', ({ database }) => database.crash());
    const steps = fc.commands(
      [
        ...transactionSteps<Feed>(({ database }) => database),
        ...[reading, reading, reading],
        fc.constant(crash),
      ],
      { size: 'max', maxCommands: 150 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const real = await Feed.begin();
        await fc.asyncModelRun(() => ({ model: {}, real }), all);
      }),
      runs(100),
    );
  });
});

describe('a feed over Postgres', () => {
  let migrated: MigratedDatabase;
  let connection: FeedConnection;
  const closing = new AbortController();

  beforeAll(async () => {
    migrated = await migratedDatabase();
    connection = await FeedConnection.open({
      config: { connectionString: migrated.url },
      name: 'spec',
      statementTimeoutMs: 60_000,
      signal: closing.signal,
    });
  });
  afterAll(async () => {
    closing.abort();
    await migrated.close();
  });

  it('sends every reader the same pages as one over the model', async () => {
    interface Both extends Transactions {
      readonly model: ModelDatabase;
      readonly pairs: readonly (readonly [Reader, Reader])[];
    }
    const reading = fc.nat({ max: 1 }).map(
      (index) =>
        new Step<Both>(`read ${index}`, async ({ model, pairs }) => {
          const [ofModel, ofPostgres] = pairs[index]!;
          const pages = [
            await ofModel.read(model.connection),
            await ofPostgres.read(connection),
          ].map(({ entries, more }) => ({ ids: entries.map(({ id }) => id), more }));
          expect(pages[1]).toEqual(pages[0]);
        }),
    );
    const steps = fc.commands([...transactionSteps<Both>((both) => both), reading, reading], {
      size: 'max',
      maxCommands: 60,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await migrated.dataSource.query('TRUNCATE revoked_tokens');
        const model = new ModelDatabase();
        const postgres = new RealDatabase(migrated.dataSource);
        const both = (act: (database: Transactions) => unknown) => async () => {
          act(model);
          await act(postgres);
        };
        try {
          await fc.asyncModelRun(
            () => ({
              model: {},
              real: {
                model,
                pairs: [0, 1].map(() => [new Reader(), new Reader()] as const),
                begin: both((database) => database.begin()),
                publish: (index) => both((database) => database.publish(index))(),
                commit: (index) => both((database) => database.commit(index))(),
                rollBack: (index) => both((database) => database.rollBack(index))(),
              } satisfies Both,
            }),
            all,
          );
        } finally {
          await postgres.end();
        }
      }),
      runs(15),
    );
  });
});
