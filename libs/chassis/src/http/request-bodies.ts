import {
  BadRequestException,
  Injectable,
  StandardSchemaValidationPipe,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { isUtf8 } from 'node:buffer';

/**
 * Refuses bodies of any type with a `Content-Encoding`: they are not decoded here, and a proxy that
 * decodes them would read another body.
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
 * Accepts JSON bodies only. An empty body counts as none, also with a JSON content type, because many
 * clients always send that header. Invalid UTF-8 is refused (RFC 8259 section 8.1): it would become
 * replacement characters, and different passwords would be equal.
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

/**
 * Validates inputs by their schemas. Nest's own pipe first removes members named `constructor`
 * without an error; here the schema decides. The parser of bodies has already refused `__proto__`.
 */
@Injectable()
export class SchemaValidationPipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {
    // Keeps all members.
  }
}
