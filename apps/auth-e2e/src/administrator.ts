import { call, type Answer, type Call, DEMO } from '@jwt-auth/dev-stack';
import { decode, login, newEmail, PASSWORD } from './users.js';

/** A user, as administrators see it. */
export interface User extends Record<string, unknown> {
  id: string;
  email: string;
  roles: string[];
  disabled: boolean;
  claims: Record<string, unknown>;
}

/** A line of the audit log. */
export interface AuditEvent {
  id: string;
  at: string;
  action: string;
  actor: string | null;
  subject: string | null;
  address: string | null;
  requestId: string | null;
  detail: Record<string, unknown>;
}

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** The administrator that a development database begins with, at any auth process. */
export class Administrator {
  private constructor(readonly token: string) {}

  static async login(auth: string): Promise<Administrator> {
    const { access_token: token } = await login(auth, DEMO.admin.email, DEMO.password);
    return new Administrator(token);
  }

  get id(): unknown {
    return decode(this.token).payload['sub'];
  }

  /** Calls `/admin/<path>`, and returns any answer. */
  call<Body = Record<string, unknown>>(
    auth: string,
    path: string,
    options: Call = {},
  ): Promise<Answer<Body>> {
    return call<Body>(`${auth}/admin/${path}`, { token: this.token, ...options });
  }

  /** Creates a user with the password that all test users have. */
  async makeUser(auth: string, email = newEmail()): Promise<User> {
    const { status, body } = await this.call<User>(auth, 'users', {
      body: { email, password: PASSWORD },
    });
    if (status !== 201) throw new Error(`Creating a user was answered with ${status}`);
    return body;
  }

  changeUser(auth: string, id: unknown, body: unknown, options: Call = {}): Promise<Answer<User>> {
    return this.call(auth, `users/${String(id)}`, { method: 'PATCH', body, ...options });
  }

  /** Turns a list page by page, at one process after the other. */
  async *pages<Item>(
    auths: readonly string[],
    list: string,
    limit: number,
  ): AsyncGenerator<Item[]> {
    let cursor: string | null = '';
    for (let turn = 0; cursor !== null; turn++) {
      const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const path = `${list}?limit=${limit}${query}`;
      const { status, body } = await this.call<Page<Item>>(auths[turn % auths.length]!, path);
      if (status !== 200) throw new Error(`The list of ${list} answered ${status}`);
      yield body.items;
      cursor = body.nextCursor;
    }
  }
}
