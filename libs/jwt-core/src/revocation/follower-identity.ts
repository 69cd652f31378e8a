/**
 * How a service names itself when it reads a feed, so that the issuer can report who has applied a
 * revocation. A name proves nothing and gives no rights.
 */
export interface FollowerIdentity {
  readonly service: string;
  /** One process of the service. */
  readonly instance: string;
  /** What the process runs. */
  readonly version?: string | undefined;
}

const NAME = /^[a-z\d][\w.:/@+-]{0,63}$/i;

/** What {@link isFollowerName} requires, for messages. */
export const FOLLOWER_NAME_FORM =
  '1 to 64 ASCII letters, digits and ._:/@+-, beginning with a letter or digit';

/** Whether this can be the name of a service, an instance or a version. */
export function isFollowerName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
