/** The bounds of every connection and request. docs/limits.md says what happens at each. */
export const LIMITS = {
  /** To send the headers, and to send the whole request. */
  headersMs: 10_000,
  requestMs: 15_000,
  /** Longer than a long poll waits (25 s) and a login queues. */
  idleMs: 40_000,
  /** For the client to take an answer that is ready. 1 MB in this time are 9 kB/s. */
  answerMs: 120_000,
  /** Longer than the minute for which balancers keep connections, so that they end them first. */
  keepAliveMs: 65_000,
  /** Pipelined requests that wait for their turn on a connection. One is served at a time. */
  waitingRequests: 16,
  connectionsPerAddress: 1_000,
  headerBytes: 16 * 1024,
  headerCount: 100,
  bodyBytes: 16 * 1024,
} as const;
