/** How the protected endpoint is called. */
export interface Call {
  /** Answers a good token with 2xx. */
  readonly url: string;
  /** Default: `GET`. */
  readonly method?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
