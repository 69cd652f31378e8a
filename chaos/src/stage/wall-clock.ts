import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Record<string, string>;

const PRELOAD = new URL('./wall-clock-preload.mjs', import.meta.url);
const LIBRARIES = '/usr/lib';

/** How a process is started so that a file moves its wall clock. */
interface Mover {
  readonly name: 'libfaketime' | 'preload';
  environment(file: string): Environment;
  content(seconds: number): string;
}

const preload: Mover = {
  name: 'preload',
  environment: (file) => ({
    CHAOS_CLOCK_FILE: file,
    NODE_OPTIONS: `--import=${PRELOAD.href}`,
  }),
  content: (seconds) => String(seconds),
};

function libfaketime(library: string): Mover {
  return {
    name: 'libfaketime',
    environment: (file) => ({
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    }),
    content: (seconds) => (seconds < 0 ? `${seconds}` : `+${seconds}`),
  };
}

/** The wall clock of one process, which must be started with `environment`. */
export class WallClock {
  readonly environment: Environment;
  private readonly file: string;

  constructor(
    directory: string,
    name: string,
    private readonly mover: Mover,
  ) {
    this.file = join(directory, `${name}.clock`);
    this.environment = mover.environment(this.file);
    this.move(0);
  }

  /** A moment later the clock of the process is ahead by so many seconds. */
  move(seconds: number): void {
    // Renamed into place: a reader never finds half of it.
    writeFileSync(`${this.file}.new`, `${this.mover.content(seconds)}\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}

/** libfaketime where it is installed and does what it should, else a preloaded `Date`. */
export function clockMover(directory: string): Mover {
  const library = findLibrary();
  if (library === undefined) return preload;
  const mover = libfaketime(library);
  return works(mover, directory) ? mover : preload;
}

function findLibrary(): string | undefined {
  try {
    const [found] = readdirSync(LIBRARIES)
      .map((name) => join(LIBRARIES, name, 'faketime'))
      .flatMap((path) => tryList(path))
      .filter((path) => path.endsWith('/libfaketime.so.1'));
    return found;
  } catch {
    return undefined; // not a system that has such a directory
  }
}

function tryList(path: string): string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch {
    return []; // no such directory
  }
}

/** Whether a clock moved by an hour is an hour ahead, and the monotonic one is not. */
export function works(mover: Mover, directory: string): boolean {
  const clock = new WallClock(directory, 'trial', mover);
  clock.move(3_600);
  const script =
    'console.log(JSON.stringify([Date.now(), Number(process.hrtime.bigint() / 1000000n)]))';
  const env = { PATH: process.env['PATH'], ...clock.environment };
  const printed = execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  const [wallMs = 0, monotonicMs = 0] = JSON.parse(printed) as number[];
  const isMoved = Math.abs(wallMs - Date.now() - 3_600_000) < 60_000;
  return isMoved && Math.abs(monotonicMs - Number(process.hrtime.bigint() / 1_000_000n)) < 60_000;
}
