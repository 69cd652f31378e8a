import { ProgramLog, ROOT, SupervisedProcess } from '@jwt-auth/dev-stack';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A port on which nginx listens, and those of the processes behind it. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  readonly processPorts: readonly number[];
}

/** Why there is no nginx on this machine. `undefined`: there is one. */
export function nginxMissing(): string | undefined {
  const { error, status, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  if (error) return `nginx cannot be started: ${error.message}`;
  return status === 0 ? undefined : `nginx -v ended with ${status}: ${stderr.trim()}`;
}

/** Starts nginx as this account on loopback, with the configuration that the documentation has. */
export function startNginx(
  upstreams: readonly Upstream[],
  account: { uid: number; gid: number },
): Promise<SupervisedProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'jwt-auth-nginx-'));
  writeFileSync(join(folder, 'nginx.conf'), configuration(upstreams));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, account.uid, account.gid);
  return SupervisedProcess.start({
    name: 'nginx',
    command: 'nginx',
    args: ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf', '-g', 'daemon off;'],
    env: { PATH: process.env['PATH'] },
    account: isRoot ? account : undefined,
    log: ProgramLog.unnamed(),
    removeWhenStopped: folder,
  });
}

function configuration(upstreams: readonly Upstream[]): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'pid nginx.pid;\nworker_processes 2;\nevents {}\nhttp {\naccess_log off;',
    ...kinds.map((kind) => `${kind}_temp_path ${kind};`),
    ...upstreams.map(serverOf),
    '}\n',
  ].join('\n');
}

/** The block of docs/operations.md, with these names and addresses. */
function serverOf({ name, port, processPorts }: Upstream): string {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const block = /```nginx\n(upstream auth \{\n)(?: +server [^\n]+\n)+(.*?\n\}\n)(location .*?)```/s;
  const [, head = '', tail = '', location = ''] = block.exec(page) ?? [];
  if (location === '') throw new Error('docs/operations.md has no configuration of nginx any more');
  const servers = processPorts.map((each) => `  server 127.0.0.1:${each} max_fails=0;\n`);
  const upstream = head.replace('auth', name) + servers.join('') + tail;
  const proxied = location.replace('http://auth', `http://${name}`);
  return `${upstream}server {\nlisten 127.0.0.1:${port};\n${proxied}}`;
}
