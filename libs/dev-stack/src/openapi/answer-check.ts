import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { ApiAnswer } from './api-requests.js';
import type { ApiDocument, Operation } from './api-document.js';
import type { Schema } from './api-document.js';

const text = { type: 'string', minLength: 1 };

/** RFC 9457, as both apps use it. */
const PROBLEM = {
  type: 'object',
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    code: { type: 'string', pattern: '^[a-z_]+$' },
    detail: text,
    errors: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: text },
        required: ['path', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'code'],
};

/** RFC 6749 section 5.2: characters of an error description included. */
const OAUTH_ERROR = {
  type: 'object',
  properties: {
    error: { type: 'string', pattern: '^[a-z_]+$' },
    error_description: { type: 'string', pattern: '^[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]+$' },
  },
  required: ['error', 'error_description'],
  additionalProperties: false,
};

const pointer = (...names: string[]) =>
  names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Compares answers with what an OpenAPI document promises, and with the rules for all of them. */
export class AnswerCheck {
  private readonly ajv = new Ajv({ strict: false });
  private readonly isProblem: ValidateFunction;
  private readonly isOAuthError: ValidateFunction;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    formats.default(this.ajv);
    // RFC 6531: any text on both sides of the last @.
    this.ajv.addFormat('idn-email', /^[^\s]+@[^\s@]+$/u);
    this.ajv.addSchema(document, 'api');
    this.isProblem = this.ajv.compile(PROBLEM);
    this.isOAuthError = this.ajv.compile(OAUTH_ERROR);
  }

  /**
   * What is wrong with an answer, or `undefined`. Nothing is wrong with a refusal in the right form.
   *
   * @param operation `undefined`: the request may have reached any route
   */
  faultOf(operation: Operation | undefined, path: string, answer: ApiAnswer): string | undefined {
    const { status, headers } = answer;
    if (!headers['x-request-id']) return 'has no x-request-id';
    if (status >= 500 && !operation?.responses[status]) return `is ${status}: ${answer.body}`;
    if (status >= 400) {
      const fault = this.faultOfError(path, answer);
      if (fault !== undefined) return fault;
    }
    return operation && this.faultAgainst(operation, answer);
  }

  private faultOfError(path: string, { status, headers, body }: ApiAnswer): string | undefined {
    const error = parsed(body) as { status?: unknown } | undefined;
    if (path.startsWith('/oauth/') && this.isOAuthError(error)) return undefined;
    if (!this.isProblem(error)) return `is ${status} in another form: ${body}`;
    if (error?.status !== status) return `is ${status}, but says ${String(error?.status)}`;
    if (mediaTypeOf(headers) !== 'application/problem+json') return `is no problem+json: ${body}`;
    return undefined;
  }

  private faultAgainst(operation: Operation, { status, headers, body }: ApiAnswer) {
    const { responses, method, path } = operation;
    const name = responses[status] ? String(status) : status >= 400 ? 'default' : '';
    const documented = responses[name];
    if (!documented) return `is ${status}, which the document does not name`;
    if (!documented.content) return body === '' ? undefined : `has a body, but no schema: ${body}`;
    const mediaType = mediaTypeOf(headers);
    const content = documented.content[mediaType];
    if (!content) return `is ${status} of undocumented type ${mediaType}`;
    const place = ['paths', path, method.toLowerCase(), 'responses', name, 'content', mediaType];
    const validate = this.validatorOf(content.schema ?? {}, pointer(...place, 'schema'));
    if (validate(parsed(body))) return undefined;
    return `does not fit its schema: ${this.ajv.errorsText(validate.errors)}: ${body}`;
  }

  /** Of most operations the errors have the same schema: it is compiled once. */
  private validatorOf(schema: Schema, place: string): ValidateFunction {
    const key = JSON.stringify(schema);
    const known = this.compiled.get(key);
    if (known) return known;
    const validate = this.ajv.compile({ $ref: `api#${place}` });
    this.compiled.set(key, validate);
    return validate;
  }
}

function mediaTypeOf(headers: ApiAnswer['headers']): string {
  return (headers['content-type'] ?? '').replace(/;.*/, '');
}

/** `undefined` if it is no JSON. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The id in the answer that made something, or of the last one in a list. */
export function idIn(body: unknown, name: string): string | undefined {
  const { items = body } = (body ?? {}) as { items?: unknown };
  const one = (Array.isArray(items) ? (items.at(-1) as unknown) : body) as Record<string, unknown>;
  const id = one?.[name] ?? one?.['id'];
  return typeof id === 'string' ? id : undefined;
}
