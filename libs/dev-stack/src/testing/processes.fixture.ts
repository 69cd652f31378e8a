import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../supervision/until.js';

interface ProcessRow {
  pid: number;
  parent: number;
  group: number;
  state: string;
}

/** Every process below `pid`, without `pid` itself. */
export function descendants(pid: number): number[] {
  const rows = processes();
  const below = (parent: number): number[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [row.pid, ...below(row.pid)]);
  return below(pid);
}

/** The process that started `pid`. */
export function parentOf(pid: number): number {
  return processes().find((row) => row.pid === pid)?.parent ?? 0;
}

/** The process group of `pid`, to which a terminal sends Ctrl-C. */
export function groupOf(pid: number): number {
  return processes().find((row) => row.pid === pid)?.group ?? 0;
}

/** The arguments of a process, as every user of the machine can see them. */
export function argumentsOf(pid: number): string {
  return process.platform === 'linux'
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    : execFileSync('ps', ['-p', `${pid}`, '-o', 'args='], { encoding: 'utf8' });
}

/** Which of these processes are still there after a bounded wait for them to end. */
export async function survivors(pids: readonly number[], withinMs = 15_000): Promise<number[]> {
  const alive = () => {
    const running = new Set(processes().map(({ pid }) => pid));
    return pids.filter((pid) => running.has(pid));
  };
  await until(() => alive().length === 0, { withinMs });
  return alive();
}

/** Zombies are left out: they have ended, whether or not somebody has asked how. */
function processes(): ProcessRow[] {
  const rows = process.platform === 'linux' ? fromProc() : fromPs();
  return rows.filter(({ state }) => !state.startsWith('Z'));
}

function fromProc(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // The name before it, in parentheses, may itself hold spaces and parentheses.
        const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), state }];
      } catch {
        return []; // ended while we looked
      }
    });
}

function fromPs(): ProcessRow[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,state='], { encoding: 'utf8' });
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, group, state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), group: Number(group), state };
    });
}
