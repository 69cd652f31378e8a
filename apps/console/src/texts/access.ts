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
  audienceHint: 'The name of the service in tokens, often an address.',
  scopesHint: 'One per line: its name, then a description.',
  narrowText: 'Services refuse live tokens with a removed scope at once.',
  saved: 'Saved.',
  remove: {
    roles: {
      label: 'Remove',
      title: 'Remove this role?',
      text: 'All users lose this role. Their access tokens are refused at once. Their sessions stay open.',
      done: 'The role is removed.',
    },
    resources: {
      label: 'Remove',
      title: 'Remove this resource?',
      text: 'Scopes that no other resource has are removed from all roles. All live tokens for this resource are refused at once.',
      done: 'The resource is removed.',
    },
  },
} as const;
