import type { RevocationKey, Subject } from '../oracle/subject.js';
import type { Operation, Way } from '../plan/operation-plan.js';
import type { Administrator } from './administrator.js';
import { ask, type Answer } from './ask.js';
import type { Client, Living, Session } from './living.js';

/** What will be revoked. It is removed from the valid ones at this moment. */
export interface Victim {
  readonly revocation: RevocationKey;
  /** Some of the tokens that are revoked. */
  readonly subjects: readonly Subject[];
  /** Makes the call at an auth process. */
  readonly call: (auth: string) => Promise<Answer | undefined>;
  /** Call it after the first acknowledgement: a repeated revocation then cannot concern later tokens. */
  readonly onAcknowledged?: () => void;
}

/** Draws a victim for an operation. `undefined` while there is none of its kind. */
export function drawVictim(
  operation: Operation,
  living: Living,
  administrator: Administrator,
): Victim | undefined {
  const { kind, way, lot } = operation;
  const byAdmin = (id: string) => (auth: string) =>
    revokeByAdmin(administrator, auth, { kind, id });
  switch (kind) {
    case 'jti': {
      const subject = draw(living.tokens, lot);
      if (!subject) return undefined;
      living.remove(({ jti }) => jti === subject.jti);
      const client = living.clients.find(({ id }) => id === subject.client);
      const isByHolder = way === 'oauth-revoke' && client;
      const call = isByHolder ? revokeByHolder(subject.token, client) : byAdmin(subject.jti);
      return { revocation: { kind, id: subject.jti }, subjects: [subject], call };
    }
    case 'sid': {
      const session = draw(living.sessions, lot);
      if (!session) return undefined;
      living.remove(({ sid }) => sid === session.sid);
      const call = endSession(way, session) ?? byAdmin(session.sid);
      return { revocation: { kind, id: session.sid }, subjects: session.subjects, call };
    }
    case 'client': {
      const client = draw(living.clients, lot);
      if (!client) return undefined;
      living.clients.splice(living.clients.indexOf(client), 1);
      const isOfClient = (subject: Subject) => subject.client === client.id;
      const subjects = living.all().filter(isOfClient);
      living.remove(isOfClient);
      const path = `/admin/clients/${client.id}`;
      if (way === 'change-client') {
        const { generation } = client;
        const json = { claims: { generation } };
        return {
          revocation: { kind, id: client.id, generation },
          subjects,
          call: (auth) => administrator.ask(auth, path, { method: 'PATCH', json }),
          onAcknowledged: () => living.clients.push({ ...client, generation: generation + 1 }),
        };
      }
      const remove = (auth: string) => administrator.ask(auth, path, { method: 'DELETE' });
      const call = way === 'delete-client' ? remove : byAdmin(client.id);
      return { revocation: { kind, id: client.id }, subjects, call };
    }
    case 'kid': {
      const kid = draw(living.all(), lot)?.kid;
      if (kid === undefined) return undefined;
      living.withdrawn.add(kid);
      const subjects = living.all().filter((subject) => subject.kid === kid);
      living.remove((subject) => subject.kid === kid);
      const withdraw = (auth: string) =>
        administrator.ask(auth, `/admin/keys/${kid}/withdraw`, { method: 'POST' });
      const call = way === 'withdraw-key' ? withdraw : byAdmin(kid);
      return { revocation: { kind, id: kid }, subjects, call };
    }
  }
}

/** Works for every kind, and can be repeated. */
export function revokeByAdmin(
  administrator: Administrator,
  auth: string,
  { kind, id }: RevocationKey,
) {
  return administrator.ask(auth, '/admin/revocations', { json: { kind, id } });
}

/** RFC 7009. */
function revokeByHolder(token: string, { id, secret }: Client): Victim['call'] {
  return (auth) => ask(`${auth}/oauth/revoke`, { form: { token }, basic: [id, secret] });
}

function endSession(
  way: Way,
  { sid, refreshToken, subjects }: Session,
): Victim['call'] | undefined {
  const token = subjects.at(-1)?.token ?? '';
  switch (way) {
    case 'logout':
      return (auth) => ask(`${auth}/auth/logout`, { method: 'POST', token });
    case 'delete-session':
      return (auth) => ask(`${auth}/auth/sessions/${sid}`, { method: 'DELETE', token });
    case 'revoke-refresh-token':
      return (auth) => ask(`${auth}/oauth/revoke`, { form: { token: refreshToken } });
    default:
      return undefined;
  }
}

function draw<T>(values: readonly T[], lot: number): T | undefined {
  return values[Math.floor(lot * values.length)];
}
