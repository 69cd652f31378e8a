import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

import { PROBLEM_JSON } from './answers.js';

/** The description of the service in its OpenAPI document. */
export interface Documentation {
  readonly title: string;
  readonly description: string;
}

const page = (title: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${title}: API</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: 'docs-json', dom_id: '#swagger-ui', validatorUrl: null });\n`;

const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

const text = { type: 'string' };

/** The error that every route may answer (RFC 9457). */
const PROBLEM_RESPONSE = {
  description: 'A problem (RFC 9457)',
  content: {
    [PROBLEM_JSON]: {
      schema: {
        type: 'object',
        properties: {
          type: text,
          title: text,
          status: { type: 'integer' },
          code: { ...text, description: 'what clients switch on' },
          detail: text,
          errors: {
            type: 'array',
            items: { type: 'object', properties: { path: text, message: text } },
          },
        },
        required: ['type', 'title', 'status', 'code'],
      },
    },
  },
};

/** Documents a status that a route answers for a reason of its own. */
export const ApiProblem = (status: number, description: string): MethodDecorator =>
  ApiResponse({ ...PROBLEM_RESPONSE, status, description });

/**
 * Serves the OpenAPI document, made from the schemas that validate, at `GET /docs-json`, and a page
 * for it at `GET /docs`. The document is built at the first request. Routes that need a token are
 * marked with `@ApiBearerAuth()`.
 *
 * @param basePath the path below which callers find the routes; empty for the root
 */
export function serveDocs(
  app: NestFastifyApplication,
  { title, description }: Documentation,
  basePath: string,
): void {
  const server = app.getHttpAdapter().getInstance();
  const options = new DocumentBuilder()
    .setTitle(title)
    .setDescription(description)
    .addBearerAuth()
    .addGlobalResponse({ status: 'default', ...PROBLEM_RESPONSE })
    .addServer(basePath || '/')
    .build();
  let document: string | undefined;

  server.get('/docs-json', (_request, reply) => {
    document ??= JSON.stringify(SwaggerModule.createDocument(app, options));
    return reply.type('application/json').send(document);
  });
  server.get('/docs', (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(title)),
  );
  server.get('/docs/start.js', (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  );
  const files = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  for (const [name, type] of Object.entries(ASSETS)) {
    // From memory: a stream would keep its file open when a reader hangs up.
    let content: Buffer | undefined;
    server.get(`/docs/${name}`, (_request, reply) => {
      content ??= readFileSync(join(files, name));
      return reply.type(type).header('cache-control', 'public, max-age=3600').send(content);
    });
  }
}
