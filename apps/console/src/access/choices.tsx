import { useAll } from '../api/use-pages.js';
import { texts } from '../texts.js';
import { Choices, type ChoicesProps } from '../ui/controls.js';

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

type OfForm = Pick<ChoicesProps, 'chosen' | 'onChange' | 'error'>;

/** Of all roles, with their scopes. */
export function RoleChoices(form: OfForm) {
  const { items: roles = [], error: failure } = useAll<Role>('admin/roles');
  const options = roles.map(({ name, scopes }) => ({ value: name, hint: scopes.join(' ') }));
  const found = { options, failure };
  return <Choices {...form} {...found} label={texts.users.roles} name="roles" />;
}

/** Of the scopes of all resources, each once. */
export function ScopeChoices(form: OfForm) {
  const { items: resources = [], error: failure } = useAll<Resource>('admin/resources');
  const scopes = resources.flatMap((resource) => resource.scopes);
  const hints = new Map(scopes.map(({ name, description }) => [name, description]));
  const options = [...hints].map(([value, hint]) => ({ value, hint }));
  const found = { options, failure };
  return <Choices {...form} {...found} label={texts.scopes} name="scopes" />;
}

export function AudienceChoices(form: OfForm) {
  const { items: resources = [], error: failure } = useAll<Resource>('admin/resources');
  const options = resources.map(({ audience }) => ({ value: audience }));
  const found = { options, failure };
  return <Choices {...form} {...found} label={texts.clients.audiences} name="audiences" />;
}
