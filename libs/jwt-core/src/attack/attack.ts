import type { Edit, Forge } from './forge.js';
import type { RuleName } from './rules.js';

/** A request that must be refused: with a bad token, or with a good one in the wrong place. */
export interface Try {
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** Name, value, name, value. */
  readonly headers?: readonly string[];
  /** Appended to the query. */
  readonly query?: string;
  /** A form, in place of the body of other requests. */
  readonly form?: string;
  /** A good token that is sent before. */
  readonly after?: string;
}

export interface Attack {
  readonly group: string;
  readonly name: string;
  readonly rule: RuleName;
  readonly make: (forge: Forge) => Try;
}

/** Tokens and requests, by the names of the attacks. */
export type Table = Readonly<Record<string, (forge: Forge) => string | Try>>;

export function attacks(group: string, rule: RuleName, table: Table): Attack[] {
  return Object.entries(table).map(([name, make]) => {
    const asTry = (made: string | Try) => (typeof made === 'string' ? { token: made } : made);
    return { group, name, rule, make: (forge) => asTry(make(forge)) };
  });
}

/**
 * Attacks that change one member. A line is `member value|value`, which is one attack for each
 * value; an empty value leaves the member out. Before it there may be signers and `> `, which is
 * one attack for each of them, and then a name for the attack and `: `. `$alg` is the first word of
 * the signer.
 */
export function edits(
  group: string,
  lines: Partial<Record<RuleName, string>>,
  make: (forge: Forge, edit: Edit) => string,
): Attack[] {
  return Object.entries(lines).flatMap(([rule, text]) =>
    text.split(/\n\s*/).flatMap((line) => {
      const parsed = /^(?:(.+?)> )?(?:([^":]+): )?(\S+) ?(.*)$/.exec(line);
      const [, signers, label, member = '', values = ''] = parsed ?? [];
      const table = (signers?.split('|') ?? [undefined]).flatMap((signer) =>
        values.split('|').map((template) => {
          const value = template.replace('$alg', signer?.split(' ')[0] ?? '');
          const name = label ?? (value ? `${member} ${value}` : `without ${member}`);
          const edit = { member, value, signer };
          return [signer ? `${name} (${signer})` : name, (f: Forge) => make(f, edit)] as const;
        }),
      );
      return attacks(group, rule as RuleName, Object.fromEntries(table));
    }),
  );
}
