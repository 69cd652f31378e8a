import { closeSync, existsSync, fstatSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Closes the files of logs that nobody reads any more. They outlast their programs until then. */
const unread = new FinalizationRegistry<number>(closeSync);

/**
 * The file that takes what a program prints. Not a pipe: a program must not die of a broken pipe
 * when its parent is killed, and the parent spends no time on passing lines.
 */
export class ProgramLog {
  private constructor(
    readonly fd: number,
    /** Where to look, or `undefined` for a log that exists only as long as it is open. */
    readonly path: string | undefined,
  ) {
    unread.register(this, fd);
  }

  /** Writes to the file at `path`. What is there already is kept once, as `<path>.1`. */
  static at(path: string): ProgramLog {
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path)) renameSync(path, `${path}.1`);
    return new ProgramLog(openSync(path, 'a+', 0o600), path);
  }

  /** A log without a name: nothing to clean up, even after kill -9. */
  static unnamed(): ProgramLog {
    const directory = mkdtempSync(join(tmpdir(), 'jwt-auth-log-'));
    try {
      return new ProgramLog(openSync(join(directory, 'log'), 'a+', 0o600), undefined);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  /** Everything that was printed so far. */
  text(): string {
    const bytes = Buffer.alloc(fstatSync(this.fd).size);
    const length = readSync(this.fd, bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, length);
  }

  /** The last lines of {@link text} and where the rest is, for an error message. */
  tail(lines = 20): string {
    const last = this.text().trimEnd().split('\n').slice(-lines).join('\n');
    return this.path === undefined ? last : `${last}\nThe whole log: ${this.path}`;
  }
}
