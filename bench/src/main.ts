import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.js';
import type { Benchmark } from './harness/benchmark.js';
import { circumstances } from './harness/machine.js';
import { header, publish } from './harness/publish.js';
import { textTable } from './harness/text-table.js';

const directory = fileURLToPath(new URL('../../docs/bench', import.meta.url));

/** On one line that rewrites itself, or not at all where nobody watches. */
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
  publish(directory, benchmark, where, findings);
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
  console.log(`\nWritten to ${directory}`);
}
