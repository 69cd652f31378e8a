import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The result of a command of the engine. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Docker or Podman, whichever can run containers here. */
export class ContainerEngine {
  private constructor(private readonly program: string) {}

  /** @returns `undefined` where neither works: `why` says so */
  static find(): { engine: ContainerEngine | undefined; why: string } {
    const reasons: string[] = [];
    for (const program of ['docker', 'podman']) {
      const { status, stderr, error } = spawnSync(program, ['info'], { encoding: 'utf8' });
      if (status === 0) return { engine: new ContainerEngine(program), why: '' };
      reasons.push(`${program}: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`);
    }
    return { engine: undefined, why: reasons.join('; ') };
  }

  /** Builds an image with its health check, which Podman's own format of images has not. */
  async build(args: readonly string[]): Promise<void> {
    const format = this.program === 'podman' ? ['--format', 'docker'] : [];
    await this.run(['build', ...format, ...args]);
  }

  /** Runs a command to its end. @throws Error with its output if it fails */
  async run(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code === 0) return stdout.trim();
    throw new Error(`${this.program} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  }

  try(args: readonly string[], input = ''): Promise<Finished> {
    const child = spawn(this.program, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    child.stdin.on('error', () => undefined).end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...output }));
    });
  }

  /** What the engine knows of a container or an image. */
  async inspect<T>(name: string): Promise<T> {
    const [found] = JSON.parse(await this.run(['inspect', name])) as T[];
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found;
  }
}
