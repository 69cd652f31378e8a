import type { Page } from '../api/use-pages.js';
import { useQuery, type Query } from '../api/use-query.js';

export interface Role {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Left out of tokens until the session has proved a second factor. */
  readonly requiresMfa: boolean;
  readonly builtIn: boolean;
}

export interface Resource {
  readonly audience: string;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  readonly builtIn: boolean;
}

/** As many as a page can have: more are not expected. */
export const useRoles = (): Query<Page<Role>> => useQuery('admin/roles?limit=100');
export const useResources = (): Query<Page<Resource>> => useQuery('admin/resources?limit=100');

/** Options for a choice of roles, with their scopes. */
export const useRoleOptions = () =>
  (useRoles().data?.items ?? []).map(({ name, scopes }) => ({
    value: name,
    hint: scopes.join(' '),
  }));

/** Options for a choice of scopes, each once. */
export function scopeOptions(resources: Page<Resource> | undefined) {
  const scopes = (resources?.items ?? []).flatMap((resource) => resource.scopes);
  const hints = new Map(scopes.map(({ name, description }) => [name, description]));
  return [...hints].map(([value, hint]) => ({ value, hint }));
}
