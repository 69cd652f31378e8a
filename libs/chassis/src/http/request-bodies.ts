import {
  type ArgumentMetadata,
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

type Schema = NonNullable<ArgumentMetadata['schema']>;

/**
 * Validates inputs by their schemas. Nest's own pipe first removes members named `constructor`
 * without an error; here the schema decides. The parser of bodies has already refused `__proto__`.
 */
@Injectable()
export class SchemaValidationPipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {
    // Keeps all members.
  }

  /** A fault in a parameter that has a name, like one of the path, is reported at that name. */
  override transform<Value>(value: Value, metadata: ArgumentMetadata): Promise<Value> {
    const { schema, data } = metadata;
    if (!schema || data === undefined) return super.transform(value, metadata);
    return super.transform(value, { ...metadata, schema: namedSchema(schema, data) });
  }
}

function namedSchema(schema: Schema, name: string): Schema {
  const { vendor, version, validate } = schema['~standard'];
  return {
    '~standard': {
      vendor,
      version,
      async validate(value, options) {
        const result = await validate(value, options);
        const named = result.issues?.map((issue) => ({
          ...issue,
          path: [name, ...(issue.path ?? [])],
        }));
        return named ? { issues: named } : result;
      },
    },
  };
}
