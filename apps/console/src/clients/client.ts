export const GRANTS = ['client_credentials', 'refresh_token', 'introspect'] as const;

/** A client, as administrators see it. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
  readonly createdAt: string;
  readonly secrets: readonly { readonly id: string; readonly createdAt: string }[];
}

/** A client that was made or changed, with its secret if that is new: it is shown this once. */
export interface SavedClient {
  readonly id: string;
  readonly secret?: string;
}
