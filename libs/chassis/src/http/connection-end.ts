import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Aborts when the connection has ended, so that nothing waits for it. A pipelined answer whose turn
 * has not come learns that from the socket alone.
 */
export function connectionEnd(
  { raw: { socket } }: FastifyRequest,
  { raw }: FastifyReply,
): AbortSignal {
  const ended = new AbortController();
  const abort = (): void => ended.abort();
  socket.once('close', abort);
  raw.once('close', () => {
    socket.off('close', abort);
    abort();
  });
  if (socket.destroyed) abort();
  return ended.signal;
}
