import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '@jwt-auth/dev-stack';

/** A piece of code in a guide, and the output that the guide shows below it. */
export interface Sample {
  heading: string;
  language: 'sh' | 'js' | 'ts';
  code: string;
  output: string;
}

const HEADING_OR_FENCE = /^#+ (?<heading>.+)$|^```(?<language>\w*)\n(?<content>[^]*?)^```$/gm;
const run = promisify(execFile);
const GIVE_UP_AFTER_MS = 110_000;
const END_OF_SAMPLE = '--- end of sample ---';

/** The samples of a guide in their order. An output is a fence without a language. */
export function samplesOf(guide: string): Sample[] {
  const text = readFileSync(resolve(ROOT, guide), 'utf8');
  const samples: Sample[] = [];
  let heading = '';
  for (const { groups = {} } of text.matchAll(HEADING_OR_FENCE)) {
    const { language, content = '' } = groups;
    const last = samples.at(-1);
    if (groups['heading'] !== undefined) heading = groups['heading'];
    else if (isExecuted(language)) samples.push({ heading, language, code: content, output: '' });
    else if (language === '' && last) last.output += content;
  }
  return samples;
}

function isExecuted(language: string | undefined): language is Sample['language'] {
  return language === 'sh' || language === 'js' || language === 'ts';
}

/**
 * Runs samples one after the other in one shell, as a reader does, and returns what each printed.
 * `addresses` maps an address in the guide to the real one. The first line of a program names the
 * file in which it is saved.
 */
export async function printedBy(
  samples: readonly Sample[],
  addresses: Readonly<Record<string, string>>,
): Promise<string[]> {
  const directory = mkdtempSync(resolve(tmpdir(), 'guide-'));
  try {
    prepare(directory, samples, addresses);
    const script = [
      `npm() { command npm --prefix '${ROOT}' --silent "$@"; }`,
      `trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT`,
      ...samples.flatMap(({ language, code }) => [
        language === 'sh' ? replaceAll(code, addresses) : '',
        `echo '${END_OF_SAMPLE}'`,
      ]),
    ].join('\n');
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    const options = { cwd: directory, env, timeout: GIVE_UP_AFTER_MS };
    const { stdout, stderr } = await run('bash', ['-c', script], options).catch(incomplete);
    if (stderr) throw new Error(`The guide printed an error: ${stderr}`);
    const asWritten = Object.entries(addresses).map(([written, real]) => [real, written] as const);
    return replaceAll(stdout, Object.fromEntries(asWritten)).split(`${END_OF_SAMPLE}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** When a call never returns, the last output shows which one. */
function incomplete(cause: Error & { stdout?: string; stderr?: string }): never {
  throw new Error(`The guide stopped after ${cause.stdout}${cause.stderr}`, { cause: cause.name });
}

/** Makes a directory that looks like this repository to the programs of a guide. */
function prepare(
  directory: string,
  samples: readonly Sample[],
  addresses: Readonly<Record<string, string>>,
): void {
  writeFileSync(resolve(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(resolve(ROOT, 'node_modules'), resolve(directory, 'node_modules'));
  for (const { language, code, heading } of samples) {
    if (language === 'sh') continue;
    const name = /^\/\/ (?<name>[\w-]+\.m?[jt]s)\n/.exec(code)?.groups?.['name'];
    if (name === undefined) throw new Error(`A program under "${heading}" does not name its file`);
    writeFileSync(resolve(directory, name), replaceAll(code, addresses));
  }
}

function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((done, [from, to]) => done.replaceAll(from, to), text);
}

const MASKS: [RegExp, string][] = [
  [/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, '<uuid>'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, '<256 bits>'],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'],
  [/\b\d{10}\b/g, '<seconds>'],
  [/\b\d+\.\d+ s\b/g, '<duration>'],
];

/** Replaces what is new each time: ids, tokens, secrets and times. */
export function masked(text: string): string {
  return MASKS.reduce((done, [pattern, name]) => done.replace(pattern, name), text).trim();
}
