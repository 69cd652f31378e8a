import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Findings } from './benchmark.js';
import { chartsOf } from './charts.js';
import { introduction } from './introduction.js';
import type { Circumstances } from './machine.js';
import { textTable } from './text-table.js';

/** A run as its JSON file keeps it. */
export interface PublishedRun {
  readonly name: string;
  readonly question: string;
  readonly method: string;
  readonly whyMissed?: string | undefined;
  readonly circumstances: Circumstances;
  readonly findings: Findings;
}

/** Writes the run's JSON and charts into `directory`, and the page anew from all runs in there. */
export function publish(
  directory: string,
  { name, question, method, whyMissed }: Benchmark,
  circumstances: Circumstances,
  findings: Findings,
): void {
  mkdirSync(directory, { recursive: true });
  const run: PublishedRun = { name, question, method, whyMissed, circumstances, findings };
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(run, undefined, 2)}\n`);
  for (const { file, drawing } of chartsOf(run)) writeFileSync(join(directory, file), drawing);
  writeFileSync(join(directory, 'README.md'), page(publishedRuns(directory)));
}

function publishedRuns(directory: string): PublishedRun[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as PublishedRun);
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

function reason({ whyMissed, findings }: PublishedRun): string {
  const isMissed = findings.aims.some(({ isMet }) => !isMet);
  return isMissed && whyMissed ? `\n**Why an aim is missed.** ${whyMissed}\n` : '';
}

function page(runs: readonly PublishedRun[]): string {
  const sections = runs.map((run) => {
    const { name, question, method, circumstances, findings } = run;
    const charts = chartsOf(run).map(({ file, title }) => `![${title}](./${file})`);
    return `## ${name}

${question}

${method}

\`\`\`text
${header(circumstances)}

${textTable(findings)}
\`\`\`
${reason(run)}
${charts.join('\n\n')}
`;
  });
  return [introduction, ...sections].join('\n');
}
