import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Resources, their scopes and roles become data. A database with users or clients gets what was in the
 * code of the release before, and a resource for each audience of its clients, so that tokens go on to
 * say what they said. A new database is filled at the first start.
 *
 * The resource `''` stands for the audience of the setting `AUDIENCE`, which a migration does not know:
 * the next start gives it its name.
 */
export class CreateAccessModel1764000000500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE resources (
        audience text COLLATE "C" PRIMARY KEY CHECK (char_length(audience) <= 255),
        -- [{"name": "orders:read", "description": "…"}, …]
        scopes jsonb NOT NULL CHECK (jsonb_typeof(scopes) = 'array')
      )`);
    await runner.query(`
      CREATE TABLE roles (
        name text COLLATE "C" PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 64),
        scopes text[] NOT NULL
      )`);
    await runner.query(`
      INSERT INTO roles (name, scopes)
      SELECT name, scopes
      FROM (VALUES ('user', '{orders:read,orders:write}'::text[]), ('admin', '{admin}'))
        AS before (name, scopes)
      WHERE EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM clients)`);
    await runner.query(`
      INSERT INTO resources (audience, scopes)
      SELECT audience,
        coalesce(
          jsonb_agg(jsonb_build_object('name', scope, 'description', '') ORDER BY place, scope)
            FILTER (WHERE scope IS NOT NULL),
          '[]')
      FROM (
        SELECT audience, scope, min(place) AS place
        FROM (
          SELECT audience, scope, 2 AS place
          FROM clients
          CROSS JOIN unnest(CASE WHEN audiences = '{}' THEN '{""}' ELSE audiences END) AS audience
          LEFT JOIN unnest(scopes) AS scope ON audience <> '' OR scope NOT IN ('admin', 'account')
          WHERE deleted_at IS NULL
          UNION ALL
          SELECT '', scope, 1 FROM roles, unnest(scopes) AS scope WHERE name = 'user'
        ) AS named
        GROUP BY audience, scope
      ) AS grouped
      GROUP BY audience`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE roles');
    await runner.query('DROP TABLE resources');
  }
}
