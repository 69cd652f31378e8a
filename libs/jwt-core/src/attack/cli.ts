import { parseArgs } from 'node:util';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { checkResourceServer } from './check-resource-server.js';
import { formatReport, REPORT_FORMATS } from './report.js';

const USAGE = `jwt-core attack <url> [options]
Starts an issuer, waits until the endpoint lets its tokens in, and attacks it.
  --port 9000  --audience api      of the issuer
  --scope 'a b'  --claims '{"roles": ["admin"]}'   of the tokens
  --method  --body  --header 'name: value'...
  --wait 60  --within 5  --stale 30   seconds: until the first token is let in, until a revocation
      counts, and how long the feed may be down (not tried by default)
  --skip name...                   a group, a rule or an attack
  --level must                     counts only what an RFC demands
  --format text|json|junit
Exit code 0: all was refused, 1: findings, 2: the set-up is wrong.
`;

const ONE = { type: 'string' } as const;
const SEVERAL = { type: 'string', multiple: true, default: [] as string[] } as const;

type Write = (text: string) => unknown;

/** Runs `jwt-core attack ...`, and resolves to the exit code. */
export async function runCli(
  args: readonly string[],
  out: Write = (text) => process.stdout.write(text),
  log: Write = (text) => process.stderr.write(text),
): Promise<number> {
  let command;
  try {
    command = parsed(args);
  } catch (error) {
    log(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { issuerOptions, checkOptions, format, level } = command;
  let issuer: TestIssuer | undefined;
  try {
    issuer = await TestIssuer.start(issuerOptions);
    log(`Issuer ${issuer.issuer}, audience ${issuer.audience}. Waiting for ${checkOptions.url}\n`);
    const report = await checkResourceServer({ ...checkOptions, issuer });
    out(formatReport(report, format));
    if (report.setUp !== undefined) return 2;
    return report.findings.some((found) => found.level === 'must' || level !== 'must') ? 1 : 0;
  } catch (error) {
    // Such as a port that is in use. An exit code of 1 would report findings.
    const { message, stack } = error as Error;
    log(`${issuer ? stack : message}\n`);
    return 2;
  } finally {
    await issuer?.close();
  }
}

/** @throws Error that says what is wrong */
function parsed(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ port: ONE, audience: ONE, scope: ONE, claims: ONE },
      ...{ method: ONE, body: ONE, header: SEVERAL },
      ...{ wait: ONE, within: ONE, stale: ONE, skip: SEVERAL, level: ONE, format: ONE },
    },
  });
  const [command, url = '', ...others] = positionals;
  if (command !== 'attack' || !/^https?:/.test(url) || others.length > 0) {
    throw new Error('The command is: attack <url>');
  }
  const { scope, claims = '{}', method, body, header, skip } = values;
  const { audience = 'api', port = '0' } = values;
  const { wait = '60', within = '5', stale, format = 'text', level = 'should' } = values;
  return {
    issuerOptions: { audience, port: number(port, 65_535) },
    checkOptions: {
      ...{ url: new URL(url).href, skip },
      claims: { ...jsonObject(claims), ...(scope !== undefined && { scope }) },
      headers: Object.fromEntries(new Headers(header.map(pair))),
      ...(method !== undefined && { method }),
      ...(body !== undefined && { body }),
      ...{ readyWithinMs: ms(wait), revokedWithinMs: ms(within) },
      ...(stale !== undefined && { staleAfterMs: ms(stale) }),
    },
    format: member(format, REPORT_FORMATS),
    level: member(level, ['must', 'should']),
  };
}

const pair = (header: string): [string, string] => {
  const [name = '', ...value] = header.split(':');
  return [name, value.join(':')];
};

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same message as for any other text.
  }
  throw new Error(`${text} is not a JSON object`);
}

const ms = (seconds: string) => number(seconds, 86_400) * 1_000;

function number(text: string, most: number): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= most) return Number(text);
  throw new Error(`${text} is not a number from 0 to ${most}`);
}

function member<Value extends string>(text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new Error(`${text} is not one of ${values.join(', ')}`);
}
