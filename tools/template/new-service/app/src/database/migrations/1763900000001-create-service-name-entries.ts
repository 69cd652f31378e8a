import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateServiceNameEntries1763900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE service_name_entries (
        id uuid PRIMARY KEY,
        owner_id varchar(255) NOT NULL,
        title varchar(200) NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE INDEX service_name_entries_of_owner ON service_name_entries (owner_id, created_at DESC, id DESC)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE service_name_entries');
  }
}
