export const access = {
  title: 'Roles and resources',
  about: 'A resource is a service with its scopes. A role is a set of scopes. A user has roles.',
  roles: 'Roles',
  resources: 'Resources',
  builtIn: 'built in',
  createRole: 'New role',
  createResource: 'New resource',
  roleName: 'Name',
  audience: 'Audience',
  audienceHint: 'As services name themselves, often an address.',
  scopesHint: 'One on each line: its name, and what it is good for.',
  narrowText:
    'Whatever you take away is gone at once: live tokens that have a lost scope are refused from now on.',
  saved: 'Saved.',
  remove: {
    roles: {
      label: 'Remove',
      title: 'Remove this role?',
      text: 'All users lose it. All their access tokens are refused at once; the sessions go on.',
      done: 'The role is removed.',
    },
    resources: {
      label: 'Remove',
      title: 'Remove this resource?',
      text: 'Scopes that no other resource has go from all roles. All live tokens for it are refused at once.',
      done: 'The resource is removed.',
    },
  },
} as const;
