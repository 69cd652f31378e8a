/** The role of those who administer auth. It cannot be removed, and always has the scope `admin`. */
export const ADMIN_ROLE = 'admin';

/** The role of a new user. It cannot be removed. */
export const USER_ROLE = 'user';

/** The roles that there are in any case. */
export const BUILT_IN_ROLES: readonly string[] = [USER_ROLE, ADMIN_ROLE];

/** What the routes under `/admin` need. */
export const ADMIN_SCOPE = 'admin';

/** What own-account routes need. Every user has it, and a narrowed token may lack it. */
export const ACCOUNT_SCOPE = 'account';

/** The scopes of auth's own API. No other resource has scopes of these names. */
export const OWN_SCOPES: readonly { name: string; description: string }[] = [
  { name: ADMIN_SCOPE, description: 'Administer auth: users, clients, keys, roles' },
  { name: ACCOUNT_SCOPE, description: 'Read and change the own account' },
];

export const isOwnScope = (name: string): boolean => OWN_SCOPES.some((own) => own.name === name);

/** Why a resource is refused that has one of them. */
export const OWN_SCOPES_ONLY = 'admin and account are scopes of auth itself';

/** Whether a role would be the role `admin` without the scope `admin`. */
export const lacksAdminScope = (role: { name: string; scopes: readonly string[] }): boolean =>
  role.name === ADMIN_ROLE && !role.scopes.includes(ADMIN_SCOPE);
