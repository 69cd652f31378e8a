import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Benchmark, Findings } from './benchmark.js';
import type { Circumstances } from './machine.js';

export interface Destination {
  /** The Markdown page with a section for each benchmark. */
  readonly page: string;
  /** A folder for the raw results, which belong to a release and not to the repository. */
  readonly results: string;
}

/** Writes the raw result of a run, and replaces its section of the page. Other sections stay. */
export function publish(
  { page, results }: Destination,
  benchmark: Benchmark,
  circumstances: Circumstances,
  findings: Findings,
): void {
  const { name, question, method } = benchmark;
  mkdirSync(results, { recursive: true });
  const result = { name, question, method, circumstances, findings };
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  const sections = sectionsOf(page);
  sections.set(name, section(benchmark, circumstances, findings));
  const inOrder = [...sections].sort(([one], [other]) => one.localeCompare(other));
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, [INTRODUCTION, ...inOrder.map(([, text]) => text)].join('\n'));
}

/** The lines that say where and with what a run was made. */
export function header({ date, machine, node, loadBefore, versions }: Circumstances): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}, load before ${loadBefore}`,
    machine,
    `node ${node}`,
    ...(packages.length > 0 ? [packages.join(', ')] : []),
  ].join('\n');
}

/** Names to the left, numbers to the right, then the aims. */
export function textTable({ columns, rows, aims }: Findings): string {
  const cells = [
    ['', ...columns.map(({ title }) => title)],
    ...rows.map(({ name, values }) => [
      name,
      ...columns.map(({ digits }, index) => values[index]?.toFixed(digits) ?? '-'),
    ]),
  ];
  const widths = cells[0]!.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
      .join('   ')
      .trimEnd(),
  );
  const verdicts = aims.map(
    ({ text, measured, isMet }) => `aim ${isMet ? 'met   ' : 'missed'}  ${text}: ${measured}`,
  );
  return [...lines, ...(verdicts.length > 0 ? ['', ...verdicts] : [])].join('\n');
}

function section(
  { name, question, method, whyMissed }: Benchmark,
  circumstances: Circumstances,
  findings: Findings,
): string {
  const isMissed = findings.aims.some(({ isMet }) => !isMet);
  const reason = isMissed && whyMissed ? `\n**Why an aim is missed.** ${whyMissed}\n` : '';
  return `## ${name}

${question}

${method}

\`\`\`text
${header(circumstances)}

${textTable(findings)}
\`\`\`
${reason}`;
}

function sectionsOf(page: string): Map<string, string> {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const [, ...sections] = text.split(/^(?=## )/m);
  return new Map(
    sections.map((each) => [/^## (.*)$/m.exec(each)?.[1] ?? '', `${each.trimEnd()}\n`]),
  );
}

const INTRODUCTION = `# Benchmarks

The last run of each benchmark, written by \`npm run bench\` (all) or \`npm run bench -- <name>\`. Do not
edit. Raw results are in \`bench/results/\`, which git ignores; a release has them attached.

How to read it: contenders take turns, so that other work on the machine affects all of them. Times depend
on the machine and its load, which each run states. **Ratios** compare turns that ran next to each other and
are more stable. A p99 on a busy machine is mostly the machine's. Before anything is timed, each contender
that checks tokens must accept a valid one and refuse a tampered one.

- **In one process** (verify-first, verify-again, the first columns of guard) turns last some
  milliseconds. Each token is a new string each time, as an HTTP parser makes it: a string that is used
  again keeps its hash, which makes every cache ten times faster than it is.
- **Over HTTP** (http, the other columns of guard) each contender is a process of its own, and so is the
  load. Each contender is paired: it and the route without a guard run one after the other, in
  alternating order. "× no guard" and "more CPU µs" are medians of the pairs: compare by them. The
  other columns are medians of turns at different times, while the speed of the machine
  changes: where the difference is small, a guarded route can show more requests a second there than the
  route without a guard. "CPU µs a request" is the processor time of the server. "Busy" is the share of
  the time in which an event loop had work. When the server is near 100 %, requests a second are the
  most that it can serve; when the load is near 100 %, the most that the load can send.
- **revocation-list** gives each list a process of its own. A pause is the time in which that process
  could not have answered a request.
`;
