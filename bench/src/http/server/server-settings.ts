/** What a server process is told. It crosses a process boundary, so it is plain. */
export interface ServerSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's public key, as the libraries' documentations pass it. */
  readonly publicKeyPem: string;
  /** Postgres with the table of revoked tokens, for the stack that asks one. */
  readonly databaseUrl: string;
}
