import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { isUtf8 } from 'node:buffer';

/**
 * Refuses bodies with a `Content-Encoding`, for every type of body: nothing here decodes one, and a
 * proxy that does would read another body.
 */
export function refuseEncodedBodies(server: FastifyInstance): void {
  server.addHook('preParsing', ({ headers }, _reply, _payload, done) => {
    const encoding = headers['content-encoding'];
    const hasBody = headers['transfer-encoding'] ?? (headers['content-length'] ?? '0') !== '0';
    if (!hasBody || encoding === undefined || encoding.toLowerCase() === 'identity') done();
    else done(new UnsupportedMediaTypeException('The body must have no Content-Encoding'));
  });
}

/**
 * JSON is the only form of body. An empty body is none at all, even where the header announces JSON:
 * many clients always send that header. Bytes that are no UTF-8 are refused (RFC 8259 section 8.1):
 * read as replacement characters, different passwords would be one.
 */
export function acceptOnlyJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else if (isUtf8(body)) void parse(request, body.toString(), done);
      else done(new BadRequestException('The body is not well-formed UTF-8'));
    },
  );
}
