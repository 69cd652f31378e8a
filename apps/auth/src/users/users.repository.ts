import {
  entityColumns,
  execute,
  readLatestFirst,
  toUuid,
  type EntityColumns,
  type Page,
  type PageQuery,
  type Statement,
} from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { keyWhileIssuing } from '../access/access-locks.js';
import type { Subjects } from '../audit/audit.repository.js';
import { Config } from '../config.js';
import { failuresHere, type LoginAttempt } from './attempt-limits.js';
import { emailKey } from '../credentials/email.js';
import { rowMayLogIn } from './may-log-in.js';
import { rowIsPending, User } from './user.entity.js';
import { UsersError, userNotFound } from './users.errors.js';

/** What a login reads about a user. */
export interface UserAtLogin {
  /** `null`: the e-mail has no account. */
  readonly user: User | null;
  /** When the user last logged in from this network; `null` if the network is unknown. */
  readonly lastLoginHere: Date | null;
  /** Whether failures of the account are counted at this network. */
  readonly hasFailedHere: boolean;
}

/** A user as it was when the password was checked. */
interface CheckedUser extends Pick<User, 'id' | 'passwordChangedAt'> {
  /** `any`: whether the user has one now makes no difference. */
  readonly hasSecondFactor: boolean | 'any';
}

/** What changes by itself. A password and an e-mail have methods of their own. */
type ChangedColumns = Partial<
  Pick<User, 'roles' | 'claims' | 'isDisabled' | 'deleteAt' | 'emailVerifiedAt' | 'hasSecondFactor'>
>;

const UNIQUE_VIOLATION = '23505';
type LoginRow = Omit<UserAtLogin, 'user'> & { readonly 'account.id': string | null };

/** All SQL of users. */
@Injectable()
export class UsersRepository {
  private readonly columns: EntityColumns<User>;
  // Each login runs these two: named, so that a connection parses and plans them once.
  private readonly findAtLoginStatement: Statement;
  private readonly lockAtLoginStatement: Statement;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {
    this.columns = entityColumns(dataSource, User, 'account');
    // One row in any case, also for an e-mail without an account.
    this.findAtLoginStatement = {
      name: 'users.find_at_login',
      text: `
        SELECT ${this.columns.list}, known.last_login_at AS "lastLoginHere",
          EXISTS (SELECT FROM login_limits WHERE key = $3) AS "hasFailedHere"
        FROM (SELECT) AS attempt
        LEFT JOIN users account ON account.email_key = $1
        LEFT JOIN known_networks known ON known.user_id = account.id AND known.network = $2`,
    };
    this.lockAtLoginStatement = {
      name: 'users.lock_at_login',
      text: `
        SELECT ${this.columns.list} FROM users account WHERE account.id = ${keyWhileIssuing('$1::uuid')}
        FOR NO KEY UPDATE`,
    };
  }

  findById(id: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { id });
  }

  /** @throws UsersError `user_not_found`, also for what is no id */
  async demand(userId: string): Promise<User> {
    const id = toUuid(userId);
    return (id && (await this.findById(id))) || userNotFound(userId);
  }

  findByEmail(emailKey: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { emailKey });
  }

  /** One statement, and the same work whether or not the e-mail has an account. */
  async findAtLogin(attempt: LoginAttempt): Promise<UserAtLogin> {
    const values = [attempt.account, attempt.network, failuresHere(attempt).key];
    const { manager } = this.dataSource;
    const rows = await execute<LoginRow>(manager, this.findAtLoginStatement, values);
    const [row] = rows as [LoginRow];
    const user = row['account.id'] === null ? null : this.columns.read(row);
    return { user, lastLoginHere: row.lastLoginHere, hasFailedHere: row.hasFailedHere };
  }

  /**
   * The latest first.
   *
   * @param prefix of the e-mail, without regard to case
   * @throws PageCursorError
   */
  list(query: PageQuery, prefix?: string): Promise<Page<User>> {
    const users = this.dataSource.createQueryBuilder(User, 'account');
    if (prefix === undefined) return readLatestFirst(users, 'users', query);
    const key = emailKey(prefix);
    // No character in it is a wildcard.
    const pattern = `${key.replaceAll(/[\\%_]/g, '\\$&')}%`;
    users.where('account.emailKey LIKE :pattern', { pattern });
    return readLatestFirst(users, `users ${JSON.stringify([key])}`, query);
  }

  /**
   * @returns whether the user was added. If not, the e-mail is taken, and nothing was raised:
   *   Postgres would write the e-mail to its log.
   */
  async insert(manager: EntityManager, user: User): Promise<boolean> {
    const insert = manager.createQueryBuilder().insert().into(User).values(user).orIgnore();
    const { raw } = (await insert.returning('id').execute()) as { raw: object[] };
    return raw.length > 0;
  }

  /**
   * Adds a user whose e-mail has to be verified first (threat:account-pre-hijacking). An existing
   * account is kept; one that still has to be verified gets the new password, if it `mayReplace` one. The
   * same work in each case.
   *
   * @returns the id of the account, and whether the request changed it
   */
  async register(
    manager: EntityManager,
    user: User,
    mayReplace: boolean,
  ): Promise<{ id: string; isChanged: boolean }> {
    const columns = manager.dataSource.getMetadata(User).columns;
    const names = columns.map(({ databaseName }) => databaseName).join(', ');
    const places = columns.map((_, index) => `$${index + 1}`).join(', ');
    const values = columns.map((column): unknown => column.getEntityValue(user));
    const isReplaced = `${rowIsPending('known')}
      AND NOT known.is_disabled AND $${values.length + 1}::boolean`;
    const [row] = await manager.query<[{ id: string; passwordHash: string }]>(
      `INSERT INTO users AS known (${names}) VALUES (${places})
       ON CONFLICT (email_key) DO UPDATE SET
         password_hash = CASE WHEN ${isReplaced}
           THEN excluded.password_hash ELSE known.password_hash END,
         password_changed_at = CASE WHEN ${isReplaced}
           THEN excluded.password_changed_at ELSE known.password_changed_at END
       RETURNING id, password_hash AS "passwordHash"`,
      [...values, mayReplace],
    );
    return { id: row.id, isChanged: row.passwordHash === user.passwordHash };
  }

  /** @throws UsersError `email_taken` */
  async add(manager: EntityManager, user: User): Promise<void> {
    if (await this.insert(manager, user)) return;
    throw new UsersError('email_taken', 'This e-mail has an account');
  }

  /** Until the transaction ends, nobody else logs this user in, changes it, or ends all its sessions. */
  lock(manager: EntityManager, id: string): Promise<User | null> {
    return manager.findOne(User, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** @throws UsersError `user_not_found`, also for what is no id */
  async demandLocked(manager: EntityManager, userId: string): Promise<User> {
    const id = toUuid(userId);
    return (id && (await this.lock(manager, id))) || userNotFound(userId);
  }

  /** `lock` for a caller that issues a token. */
  async lockAtLogin(manager: EntityManager, id: string): Promise<User | undefined> {
    const [row] = await execute(manager, this.lockAtLoginStatement, [id]);
    return row && this.columns.read(row);
  }

  /** The same, unless what the user proved before this transaction is no longer enough. */
  async lockUnchanged(manager: EntityManager, checked: CheckedUser): Promise<User | undefined> {
    const user = await this.lockAtLogin(manager, checked.id);
    if (!user || user.isDisabled) return undefined;
    if (+user.passwordChangedAt !== +checked.passwordChangedAt) return undefined;
    const { hasSecondFactor } = checked;
    // A second factor that was added since was not asked for.
    if (hasSecondFactor !== 'any' && hasSecondFactor !== user.hasSecondFactor) return undefined;
    return user;
  }

  async update(manager: EntityManager, { id }: User, columns: ChangedColumns): Promise<void> {
    await manager.update(User, { id }, columns);
  }

  /** The statement that takes a role from all who have it. */
  removalOfRole(role: string): Subjects {
    return {
      text: 'UPDATE users SET roles = array_remove(roles, $1) WHERE $1 = ANY (roles) RETURNING id',
      values: [role],
    };
  }

  /** @throws UsersError `locks_out` if no administrator remains who may log in */
  async demandAdmin(manager: EntityManager): Promise<void> {
    const admins = manager.createQueryBuilder(User, 'admin').where(`'admin' = ANY(admin.roles)`);
    if (await admins.andWhere(rowMayLogIn('admin', this.config)).getExists()) return;
    throw new UsersError('locks_out', 'No administrator would remain who may log in');
  }

  /** For a login while no e-mail has to be verified, unless another registration came before it. */
  async open({ id, passwordHash }: User): Promise<void> {
    await this.dataSource.manager.update(User, { id, passwordHash }, { registration: 'open' });
  }

  /** Stores another hash of the same password, unless the password was changed meanwhile. */
  async rehash({ id, passwordHash }: User, rehashed: string): Promise<void> {
    await this.dataSource.manager.update(User, { id, passwordHash }, { passwordHash: rehashed });
  }

  /** Whatever it was before, and also of a user who is disabled. */
  async setPassword(manager: EntityManager, id: string, hash: string, now: Date): Promise<void> {
    await manager.update(User, { id }, { passwordHash: hash, passwordChangedAt: now });
  }

  /** @throws UsersError `email_taken` */
  async changeEmail(manager: EntityManager, { id }: User, email: string, now: Date): Promise<void> {
    const key = emailKey(email);
    try {
      const isFree = 'NOT EXISTS (SELECT FROM users o WHERE o.email_key = :key AND o.id <> :id)';
      const change = await manager
        .createQueryBuilder()
        .update(User)
        .set({ email, emailKey: key, emailVerifiedAt: now })
        .where(`id = :id AND ${isFree}`, { id, key })
        .execute();
      if (change.affected === 1) return;
    } catch (error) {
      // Another transaction took it in this moment.
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    }
    throw new UsersError('email_taken', 'This e-mail has an account');
  }

  /** Also deletes the sessions, their tokens and the known networks. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(User, { id });
  }
}
