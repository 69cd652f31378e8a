import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../stack/app.js';
import type { RebuildOptions } from '../stack/rebuild.js';
import { until } from '../supervision/until.js';
import type { ProcessAccount } from '../supervision/supervised-process.js';

const BUILT = new URL('../../dist/', import.meta.url);

const NPM = `require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: 'inherit' })`;

export interface LaunchedOptions {
  /** Holds the launcher's script, logs and secrets. */
  directory: string;
  apps: readonly App[];
  env?: NodeJS.ProcessEnv;
  account?: ProcessAccount | undefined;
  /** The `dist` of dev-stack. */
  built?: URL;
  /**
   * Whether a shell starts a program of Node, as npm is one, which starts the launcher. `pid` and `kill`
   * are those of the shell.
   */
  hasNpm?: boolean;
  rebuild?: RebuildOptions;
}

/** The launcher as `npm start` runs it: a built program, in a process that a test can kill. */
export class Launched {
  output = '';
  readonly ended: Promise<number | NodeJS.Signals | null>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? signal));
    });
  }

  static start({
    directory,
    apps,
    env,
    account,
    built = BUILT,
    hasNpm = false,
    rebuild,
  }: LaunchedOptions): Launched {
    const script = join(directory, 'launch.mjs');
    const options = JSON.stringify({ apps, dataDir: directory, rebuild });
    writeFileSync(
      script,
      `import { runLauncher } from ${JSON.stringify(fileURLToPath(new URL('index.js', built)))};
process.exit(await runLauncher({ ...${options}, env: process.env }));`,
    );
    // Without a second command a shell would become the program that it runs.
    const shell = ['/bin/sh', '-c', '"$0" "$@"; exit'];
    const npm = [process.execPath, '--eval', NPM];
    const command = [...(hasNpm ? [...shell, ...npm] : []), process.execPath];
    return new Launched(
      spawn(command[0] ?? '', [...command.slice(1), script], {
        ...account,
        cwd: '/',
        env: {
          PATH: process.env['PATH'],
          EMBEDDED_POSTGRES_DIR: join(directory, 'postgres'),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for the words on the terminal. */
  async says(words: string, withinMs = 30_000): Promise<void> {
    const answer = await until(
      () => (this.output.includes(words) ? 'said' : (this.child.exitCode ?? undefined)),
      { withinMs },
    );
    if (answer !== 'said') throw new Error(`It did not say "${words}":\n${this.output}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
