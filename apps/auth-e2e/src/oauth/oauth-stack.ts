import { call, type Answer, DEMO } from '@jwt-auth/dev-stack';
import { login } from '../users.js';
import { Stack } from '../stack.js';

/** A client as the administrator gets it, the secret included. */
export interface NewClient {
  id: string;
  secret: string;
}

/** The answer of an OAuth endpoint: tokens, an introspection, or an error. */
export type OAuthBody = Record<string, unknown>;

export const FORM = 'application/x-www-form-urlencoded';
export const ALL_GRANTS = ['client_credentials', 'refresh_token', 'introspect'];

/** The Authorization header of client_secret_basic, for parts that are encoded already. */
export const basic = ({ id, secret }: NewClient) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** The fields of client_secret_post. */
export const posted = ({ id, secret }: NewClient) => ({ client_id: id, client_secret: secret });

/** A stack as clients and their administrator see it. */
export class OAuthStack {
  private constructor(
    readonly stack: Stack,
    /** The access token of the demo administrator. */
    readonly admin: string,
  ) {}

  /** On the shared stack, unless the caller changes keys or settings of it. */
  static async start(own?: Stack): Promise<OAuthStack> {
    const stack = own ?? (await Stack.shared());
    const { access_token: admin } = await login(stack.auth(), DEMO.admin.email, DEMO.password);
    return new OAuthStack(stack, admin);
  }

  /** The address of auth, which is the issuer. */
  get issuer(): string {
    return this.stack.auth();
  }

  /** The address of orders. */
  get orders(): string {
    return this.stack.orders;
  }

  async newClient(grants = ALL_GRANTS, scopes = ['orders:read']): Promise<NewClient> {
    const body = { name: 'a service', grants, scopes };
    const { status, body: client } = await this.administer<NewClient>('POST', '', body);
    if (status !== 201) throw new Error(`The registration answered ${status}`);
    return client;
  }

  /** An administrator's call at `/admin/clients`. */
  administer<Body = unknown>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    const url = `${this.issuer}/admin/clients${path}`;
    return call<Body>(url, { method, token: this.admin, body });
  }

  /** Posts a form to an endpoint under /oauth/, as it is when it is a text. */
  post(
    endpoint: string,
    form: Record<string, string> | string,
    authorization?: string,
  ): Promise<Answer<OAuthBody>> {
    return call(`${this.issuer}/oauth/${endpoint}`, {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': FORM, ...(authorization !== undefined && { authorization }) },
    });
  }

  /** A token of a client's own. */
  async ownToken(client: NewClient): Promise<string> {
    const grant = { grant_type: 'client_credentials' };
    const { status, body } = await this.post('token', grant, basic(client));
    if (status !== 200) throw new Error(`The token endpoint answered ${status}`);
    return body['access_token'] as string;
  }

  /** What orders says of an access token: `ok`, or the code of its refusal. */
  verdict(token: string): Promise<unknown> {
    return this.stack.verdict(token);
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }
}
