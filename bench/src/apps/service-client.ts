import { DEMO } from '@jwt-auth/dev-stack';
import { ask, post } from './ask.js';
import { login } from './users.js';

/** How many of its tokens are made at once. */
const atOnce = 8;

/** A service with credentials of its own, whose tokens cost no login. */
export class ServiceClient {
  private constructor(
    private readonly auth: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @param scopes that its tokens have: with none a living token is answered with 403 */
  static async register(auth: string, scopes: readonly string[] = []): Promise<ServiceClient> {
    const { access_token: admin } = await login(auth, DEMO.admin);
    const wanted = { name: 'bench', grants: ['client_credentials'], scopes };
    const made = await post<{ id: string; secret: string }>(
      `${auth}/admin/clients`,
      wanted,
      201,
      admin,
    );
    const credentials = Buffer.from(`${made.id}:${made.secret}`).toString('base64');
    return new ServiceClient(auth, {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
  }

  async mint(count: number, onEach: (made: number) => void = () => undefined): Promise<string[]> {
    const tokens: string[] = [];
    let begun = 0;
    const worker = async () => {
      while (begun++ < count) {
        const answer = await this.send('token', 'grant_type=client_credentials');
        onEach(tokens.push((JSON.parse(answer) as { access_token: string }).access_token));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return tokens;
  }

  /** Ends a token (RFC 7009). Resolves when that is acknowledged. */
  async revoke(token: string): Promise<void> {
    await this.send('revoke', `token=${token}`);
  }

  private async send(path: string, body: string): Promise<string> {
    const { headers } = this;
    const url = `${this.auth}/oauth/${path}`;
    const { status, text } = await ask(url, { method: 'POST', headers, body });
    if (status !== 200) throw new Error(`${url} answers ${status} ${text.slice(0, 300)}`);
    return text;
  }
}
