/**
 * - `refused`: as it must be.
 * - `let in`: the service answered as for a good token.
 * - `asked`: it refused, but sent a request to an address in the token.
 * - `shut out`: it refused a good token.
 * - `broke`: a status of 5xx, or no answer.
 */
export type Outcome = 'refused' | 'let in' | 'asked' | 'shut out' | 'broke';

/** Why an attack must be refused. */
export interface Rule {
  readonly rule: string;
  /** `must`: an RFC demands it, or anyone can forge a token. `should`: it closes a gap. */
  readonly level: 'must' | 'should';
  /** For example `RFC 8725 §3.1`. */
  readonly rfc: string;
  /** What to change. */
  readonly mend: string;
}

/** What became of one attack. */
export interface AttackResult extends Rule {
  /** `header`, `claims`, `form`, `signature`, `transport` or `revocation`. */
  readonly group: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Of the answer; 0 if there was none. */
  readonly status: number;
}

export interface CheckReport {
  readonly url: string;
  readonly issuer: string;
  /** Why the attacks say nothing, or no more: the service does not let a good token in. */
  readonly setUp?: string;
  readonly results: readonly AttackResult[];
  /** The results that are not `refused`. */
  readonly findings: readonly AttackResult[];
}

const formats = { text, json: (report: CheckReport) => JSON.stringify(report, null, 1), junit };
export type ReportFormat = 'text' | 'json' | 'junit';
export const REPORT_FORMATS = Object.keys(formats) as readonly ReportFormat[];

/** The report for a reader, for programs, or for a CI server. Default `text`. */
export function formatReport(report: CheckReport, format: ReportFormat = 'text'): string {
  return `${formats[format](report)}\n`;
}

function text({ url, issuer, setUp, results, findings }: CheckReport): string {
  const lines = [
    `${url}, tokens of ${issuer}: ${results.length} attacks, ${findings.length} findings`,
  ];
  if (setUp !== undefined) lines.push(`The set-up is wrong: ${setUp}`);
  for (const rule of new Set(findings.map((one) => one.rule))) {
    const found = findings.filter((one) => one.rule === rule);
    const { level, rfc, mend } = found[0]!;
    lines.push('', `${level.toUpperCase()} ${rfc}: ${mend}`);
    lines.push(...found.map((one) => `  ${described(one)}`));
  }
  return lines.join('\n');
}

const described = ({ outcome, status, group, name }: AttackResult) =>
  `${outcome} (${status || 'no answer'}) ${group}: ${name}`;

function junit({ url, setUp, results, findings }: CheckReport): string {
  const cases = results.map((one) => {
    const message = xml(`${described(one)}. ${one.rfc}: ${one.mend}`);
    const failure = one.outcome === 'refused' ? '' : `<failure message="${message}"/>`;
    return `<testcase classname="${one.group}" name="${xml(one.name)}">${failure}</testcase>`;
  });
  if (setUp) cases.push(`<testcase name="set-up"><error message="${xml(setUp)}"/></testcase>`);
  const counts = `tests="${cases.length}" failures="${findings.length}" errors="${setUp ? 1 : 0}"`;
  return `<testsuite name="${xml(url)}" ${counts}>\n${cases.join('\n')}\n</testsuite>`;
}

const xml = (value: string) =>
  value.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
