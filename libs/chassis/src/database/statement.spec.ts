import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { insertRow } from './statement.js';

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

let dataSource: DataSource;
beforeAll(async () => {
  const url = await freshDatabase();
  dataSource = new DataSource({ type: 'postgres', url, entities: [Note], synchronize: true });
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
    await insertRow<Omit<Note, 'id'>>(manager, Note, note);
    const [last] = await manager.find(Note, { order: { id: 'DESC' }, take: 1 });
    expect(last).toMatchObject(note);
    const kept = await manager.query<object[]>('SELECT name FROM pg_prepared_statements');
    expect(kept).toEqual([{ name: 'notes.insert' }]);
  });
});
