import { expectJson, reach } from './reach.js';

/** Credentials of a client, and how to end it if it is one for this run alone. */
export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly end?: () => Promise<void>;
}

const json = { 'content-type': 'application/json' };

/**
 * A client for this run, registered by the demo administrator, whom only a development server has.
 * A real worker is given CLIENT_ID and CLIENT_SECRET.
 */
export async function registerDemoClient(issuer: string, password: string): Promise<Client> {
  const login = await reach(`${issuer}/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email: 'admin@example.com', password }),
  });
  if (login.status === 401) {
    throw new Error(
      `There is no demo administrator at ${issuer}: set CLIENT_ID and CLIENT_SECRET.`,
    );
  }
  const { access_token } = await expectJson<{ access_token: string }>(login);
  const authorization = `Bearer ${access_token}`;

  const registration = await reach(`${issuer}/admin/clients`, {
    method: 'POST',
    headers: { ...json, authorization },
    body: JSON.stringify({
      name: 'example worker',
      grants: ['client_credentials'],
      scopes: ['orders:read', 'orders:write'],
    }),
  });
  const { id, secret } = await expectJson<{ id: string; secret: string }>(registration);
  return {
    clientId: id,
    clientSecret: secret,
    end: async () => {
      const url = `${issuer}/admin/clients/${id}`;
      const { status } = await reach(url, { method: 'DELETE', headers: { authorization } });
      if (status !== 204) throw new Error(`The deletion of the client answered ${status}`);
    },
  };
}
