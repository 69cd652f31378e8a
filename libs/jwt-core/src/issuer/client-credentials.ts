/**
 * A client's id and secret as HTTP Basic sends them (RFC 6749 section 2.3.1): each form-encoded
 * before they are joined, so that an id may contain a colon.
 *
 * Secret leakage (threat:secret-leakage): the secret can be sent but not read, so that no log of
 * this object shows it.
 */
export class ClientCredentials {
  readonly #authorization: string;

  /** @throws TypeError for an empty id or secret, without repeating either */
  constructor(
    readonly clientId: string,
    clientSecret: string,
  ) {
    if (!clientId || !clientSecret) throw new TypeError('clientId and clientSecret are required');
    const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`;
    this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }

  /** The value of the `Authorization` header. */
  authorization(): string {
    return this.#authorization;
  }
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
