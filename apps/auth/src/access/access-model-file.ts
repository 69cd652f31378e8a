import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import type { Setting } from '@jwt-auth/chassis';
import { parseDocument } from 'yaml';
import { z } from 'zod';

import type { AccessModelFile } from '../config.js';
import { Audience, RoleName, RoleScopes, ServiceScopes } from './access.schema.js';
import { isOwnScope, lacksAdminScope } from '../built-in-access.js';

const FileResource = z.strictObject({
  /** Default: the setting `AUDIENCE`. */
  audience: Audience.optional(),
  scopes: ServiceScopes,
});

const FileRole = z.strictObject({
  name: RoleName,
  scopes: RoleScopes,
  requiresMfa: z.boolean().optional(),
});

const Lists = z.strictObject({
  resources: z.array(z.unknown()).max(1_000).default([]),
  roles: z.array(z.unknown()).max(1_000).default([]),
});

/** What a file says, or everything that is wrong with it. */
type AccessModelReading =
  | { readonly model: AccessModelFile; readonly problems?: undefined }
  | { readonly model?: undefined; readonly problems: readonly string[] };

/**
 * Checks the content of a file as a whole: one problem is enough to refuse all of it. Only
 * `repeatedAudiences` needs the settings beside it.
 */
function checkAccessModel(content: unknown): AccessModelReading {
  const lists = Lists.safeParse(content);
  if (lists.error) return { problems: problemsAt('', lists.error) };
  const [resources, resourceProblems] = readEach('resources', lists.data.resources, FileResource);
  const [roles, roleProblems] = readEach('roles', lists.data.roles, FileRole);
  const known = new Set(resources.flatMap(({ scopes }) => scopes.map(({ name }) => name)));
  const problems = [
    ...resourceProblems,
    ...roleProblems,
    ...repeated(
      'roles',
      'name',
      roles.map(({ name }) => name),
    ),
    // A resource that cannot be read may have the scopes that seem to be unknown.
    ...(resourceProblems.length === 0 ? unknownScopes(lists.data.roles, known) : []),
    ...roles.filter(lacksAdminScope).map(() => 'roles: the role admin must have the scope admin'),
  ];
  return problems.length > 0 ? { problems } : { model: { resources, roles } };
}

/** One problem for each audience of several resources. `AUDIENCE` is that of a resource without one. */
export function repeatedAudiences(
  resources: AccessModelFile['resources'],
  ownAudience: string,
): string[] {
  const audiences = resources.map(({ audience = ownAudience }) => audience);
  return repeated('resources', 'audience', audiences);
}

function readEach<T>(
  list: string,
  entries: readonly unknown[],
  schema: z.ZodType<T>,
): [T[], string[]] {
  const read: T[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const { data, error } = schema.safeParse(entry);
    if (error) problems.push(...problemsAt(`${list}.${index}`, error));
    else read.push(data);
  }
  return [read, problems];
}

function problemsAt(base: string, { issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) => {
    const place = [base, ...path.map(String)].filter((part) => part !== '').join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
}

function repeated(list: string, member: string, keys: readonly string[]): string[] {
  const twice = new Set(keys.filter((key, index) => keys.indexOf(key) !== index));
  return [...twice].map((key) => `${list}: ${JSON.stringify(key)} is the ${member} of two`);
}

function unknownScopes(roles: readonly unknown[], known: ReadonlySet<string>): string[] {
  return roles.flatMap((role, index) => {
    const { data } = FileRole.safeParse(role);
    return (data?.scopes ?? []).flatMap((scope, place) =>
      known.has(scope) || isOwnScope(scope)
        ? []
        : [`roles.${index}.scopes.${place}: ${scope} is not a scope of any resource`],
    );
  });
}

const MAX_BYTES = 1_048_576;

/** The path of a YAML or JSON file with resources and roles, read at once and checked as a whole. */
export function accessModelSetting(): Setting<AccessModelFile> {
  return z.string().transform((path, context) => {
    const { model, problems = [] } = readAccessModel(path.trim());
    if (model) return model;
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function readAccessModel(path: string): AccessModelReading {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { problems: ['is not a file'] };
    if (stats.size > MAX_BYTES) return { problems: [`is larger than ${MAX_BYTES} bytes`] };
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problems: [`cannot be read (${code})`] };
  }
  return parseAccessModel(bytes);
}

/** What the file says. JSON is YAML, too (YAML 1.2). */
function parseAccessModel(bytes: Buffer): AccessModelReading {
  if (!isUtf8(bytes)) return { problems: ['is not UTF-8'] };
  const document = parseDocument(bytes.toString(), { prettyErrors: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    // The first line says what and where; the others show the text.
    return { problems: faults.map(({ message }) => message.split('\n', 1)[0] ?? message) };
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // Aliases of aliases, which would fill the memory, or of nothing.
    return { problems: [(error as Error).message] };
  }
  return checkAccessModel(content);
}
