import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Column, DataSource, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { entityColumns, execute, insertRows } from './statement.js';

@Entity({ name: 'notes' })
class Note {
  @PrimaryColumn({ type: 'bigint', generated: 'increment' })
  id!: string;

  @Column({ name: 'written_at', type: 'timestamptz' })
  writtenAt!: Date;

  @Column({ type: 'jsonb' })
  content!: unknown;

  @Column({ type: 'text', array: true })
  tags!: readonly string[];

  @Column({ type: 'bytea', nullable: true })
  hash!: Buffer | null;
}

@Entity({ name: 'named_notes' })
class NamedNote {
  @PrimaryColumn({ type: 'text' })
  id!: string;
}

@Entity({ name: 'remarks' })
class Remark {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @ManyToOne(() => NamedNote)
  @JoinColumn({ name: 'note' })
  readonly of?: NamedNote;

  @Column({ type: 'text' })
  note!: string;
}

let dataSource: DataSource;
beforeAll(async () => {
  const url = await freshDatabase();
  dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [Note, NamedNote, Remark],
    synchronize: true,
  });
  await dataSource.initialize();
});
afterAll(() => dataSource.destroy());

it.each([
  { content: { a: 1 }, tags: ['x', 'y"z,{}'], hash: Buffer.from([0, 255]) },
  { content: [1, [2]], tags: [], hash: null },
  { content: "it's text", tags: ["'; DROP TABLE notes"], hash: null },
])('inserts %j as it is, by a statement that the connection keeps', async (traits) => {
  const note = { ...traits, writtenAt: new Date('2026-01-02T03:04:05.678Z') };
  await dataSource.transaction(async (manager) => {
    await insertRows(manager, [[Note, note]]);
    const [last] = await manager.find(Note, { order: { id: 'DESC' }, take: 1 });
    expect(last).toMatchObject(note);
    const kept = await manager.query<object[]>('SELECT name FROM pg_prepared_statements');
    expect(kept).toEqual([{ name: 'notes.insert' }]);
  });
});

it('inserts rows that refer to each other, all of them or none', async () => {
  const { manager } = dataSource;
  const insert = (note: string, id: string) =>
    insertRows(manager, [
      [Remark, { id, note }],
      [NamedNote, { id: note }],
    ]);
  await insert('first', 'a');
  await expect(insert('second', 'a')).rejects.toThrow('duplicate key');
  expect(await manager.find(Remark)).toEqual([{ id: 'a', note: 'first' }]);
  expect(await manager.find(NamedNote)).toEqual([{ id: 'first' }]);
});

it('selects the columns of two entities, and reads each of them', async () => {
  const one = entityColumns(dataSource, Note, 'one');
  const other = entityColumns(dataSource, Note, 'other', ['id', 'writtenAt']);
  const note = { writtenAt: new Date('2026-01-02T03:04:05.678Z'), content: [1], tags: ['a'] };
  const { manager } = dataSource;
  const { id } = await manager.save(manager.create(Note, { ...note, hash: null }));
  const pair = `SELECT ${one.list}, ${other.list} FROM notes one LEFT JOIN notes other`;
  const rows = async (name: string, on: string) =>
    execute(manager, { name, text: `${pair} ON ${on} WHERE one.id = $1` }, [id]);
  const [itself] = (await rows('notes.itself', 'other.id = one.id')) as [object];
  expect(one.read(itself)).toEqual({ ...note, id, hash: null });
  expect(other.read(itself)).toEqual({ id, writtenAt: note.writtenAt });
  const [alone] = (await rows('notes.alone', 'false')) as [object];
  expect(other.read(alone)).toEqual({ id: null, writtenAt: null });
});
