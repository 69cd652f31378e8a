import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.js';
import type { Benchmark } from './harness/benchmark.js';
import { circumstances } from './harness/machine.js';
import { header, publish, textTable } from './harness/publish.js';

const destination = {
  page: fileURLToPath(new URL('../../docs/bench/README.md', import.meta.url)),
  results: fileURLToPath(new URL('../results', import.meta.url)),
};

/** Rewrites one line of a terminal. Shows nothing elsewhere. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function measure(benchmark: Benchmark): Promise<void> {
  console.log(`\n${benchmark.name}: ${benchmark.question}`);
  const where = circumstances(benchmark.packages);
  console.log(`${header(where)}\n`);
  const findings = await benchmark.run('full', showProgress);
  showProgress('');
  console.log(textTable(findings));
  publish(destination, benchmark, where, findings);
}

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !benchmarks.some((each) => each.name === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are:`);
  for (const { name, question } of benchmarks) console.error(`  ${name}  ${question}`);
  process.exitCode = 2;
} else {
  const wanted = benchmarks.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  for (const benchmark of wanted) await measure(benchmark);
  console.log(`\nWritten to ${destination.page}`);
}
