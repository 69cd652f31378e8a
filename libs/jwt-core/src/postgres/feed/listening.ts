import { randomUUID } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import type { ConnectionConfig } from '../connection/connection-url.js';
import { FeedConnection } from './connection.js';

/** Called with the payload of each notification, by channel. */
export type NotificationHandlers = Readonly<Record<string, (payload: string) => void>>;

export interface ListeningOptions {
  readonly config: ConnectionConfig;
  readonly signal: AbortSignal;
  /** Something may have been published: a notification came, or some time has passed. */
  readonly onHint: () => void;
  /** Other channels to listen on. */
  readonly channels?: NotificationHandlers | undefined;
}

/** A dead connection is closed at its third beat: within 2.7 seconds. */
const BEAT_EVERY_MS = 900;

/**
 * Opens a connection that listens for new revocations: the trigger `revoked_tokens_notify` of the
 * migration sends NOTIFY at the commit of each write. Notifications are only hints, and can be
 * lost.
 *
 * The connection tests itself: it sends itself a notification through the database every 0.9 s, and
 * is closed when two of them did not return. A half-open connection shows no error for minutes.
 *
 * @throws what the last attempt failed with, as {@link FeedConnection.open}
 */
export async function openListening(options: ListeningOptions): Promise<FeedConnection> {
  const { config, signal, onHint, channels = {} } = options;
  const others = Object.keys(channels).map((name) => `; LISTEN ${escapeIdentifier(name)}`);
  const channel = `revoked_tokens_${randomUUID()}`;
  const connection = await FeedConnection.open({
    config,
    name: 'jwt-core revocations (listening)',
    statementTimeoutMs: 1_500,
    signal,
    setUp: `LISTEN revoked_tokens; LISTEN "${channel}"${others.join('')}`,
  });
  let unanswered = 0;
  connection.client.on('notification', (notification) => {
    if (notification.channel === channel) unanswered = 0;
    else if (notification.channel === 'revoked_tokens') onHint();
    else channels[notification.channel]?.(notification.payload ?? '');
  });
  const beat = () => {
    if (unanswered === 2) {
      return connection.destroy(
        new RevocationSourceError('unavailable', 'The listening connection no longer answers'),
      );
    }
    unanswered += 1;
    const query = { text: 'SELECT pg_notify($1, $2)', values: [channel, ''] };
    // A beat that fails closes the connection, as any query does.
    connection.query(query).catch(() => undefined);
    onHint();
  };
  const timer = setInterval(beat, BEAT_EVERY_MS);
  void connection.lost.then(() => clearInterval(timer));
  return connection;
}
