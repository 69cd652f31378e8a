/** A schema of OpenAPI 3.0, as far as examples are made from it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** Of a body, by media type. */
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface DocumentedOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security?: readonly object[];
}

/** An OpenAPI document (3.0), as `GET /docs-json` answers it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

export interface Operation extends DocumentedOperation {
  /** In capitals. */
  readonly method: string;
  /** Its template, as `/orders/{id}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly mediaType: string; readonly schema: Schema } | undefined;
}

/** All operations of a document, in its order. */
export function operationsOf({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const [mediaType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
      return {
        ...operation,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        body: mediaType === undefined ? undefined : { mediaType, schema: content?.schema ?? {} },
      };
    }),
  );
}

/** What a schema refers to, parts of `allOf` merged. */
export function resolve(schema: Schema, document: ApiDocument): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '');
    const found = document.components?.schemas?.[name];
    if (!found) throw new Error(`The document has no ${schema.$ref}`);
    return resolve(found, document);
  }
  if (!schema.allOf) return schema;
  const { allOf, ...rest } = schema;
  return Object.assign({}, rest, ...allOf.map((part) => resolve(part, document))) as Schema;
}

/** What is wrong with the description of an operation. */
export function descriptionFaults({ method, path, parameters, body }: Operation): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const faults = [
    parameters.some(({ name }) => !name) && 'has a parameter without a name',
    String(inPath.sort()) !== String(named.sort()) && 'does not describe its path',
    body && Object.keys(body.schema).length === 0 && 'has a body without a schema',
  ];
  return faults.filter((fault) => fault).map((fault) => `${method} ${path} ${fault}`);
}
