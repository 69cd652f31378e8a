import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { format } from 'oxfmt';
import { changedFiles, namesIn } from './changed-files.mjs';
import { manifestOf, newFiles } from './new-files.mjs';
import { checkName, NewServiceError } from './service-name.mjs';

/** Where the files wait until all of them are written: on the same disk, and ignored by git. */
const STAGE = '.data/new-service';

const FORMATTED = /\.(ts|json|md|ya?ml)$/;

/**
 * Writes an app and its tests after the pattern of orders, and what the workspace has to know of them.
 * All or nothing: every mistake is found before the first file changes.
 *
 * @param {string} root of the workspace
 * @param {string} name
 * @returns {Promise<{ port: number, written: string[] }>}
 * @throws NewServiceError
 */
export async function newService(root, name) {
  const read = (file) => readFileSync(path.join(root, file), 'utf8');
  checkName(name, [...projectsOf(root), ...namesIn(read)]);
  const stage = stageIn(root);
  try {
    const port = nextPort(root);
    const service = { root, name, port, metricsPort: port - 3000 + 9464, now: Date.now() };
    const files = await formatted(root, newFiles(service));
    const changes = await formatted(root, changedFiles(service, read, files));
    for (const [file, text] of [...files, ...changes]) {
      mkdirSync(path.dirname(path.join(stage, file)), { recursive: true });
      writeFileSync(path.join(stage, file), text);
    }
    // A script stays executable.
    for (const file of changes.keys()) {
      chmodSync(path.join(stage, file), statSync(path.join(root, file)).mode);
    }
    const folders = [`apps/${name}`, `apps/${name}-e2e`];
    moveAll(stage, root, { folders, changed: [...changes.keys()] });
    return { port, written: [...changes.keys()] };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** One service at a time: two would take the same port. */
function stageIn(root) {
  const stage = path.join(root, STAGE);
  mkdirSync(path.dirname(stage), { recursive: true });
  try {
    mkdirSync(stage);
    return stage;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const advice = `If no other one runs now, remove ${STAGE} and try again.`;
    throw new NewServiceError(`Another service is being made. ${advice}`, { cause: error });
  }
}

function moveAll(stage, root, { folders, changed }) {
  const before = new Map(changed.map((file) => [file, readFileSync(path.join(root, file))]));
  try {
    for (const target of [...folders, ...changed]) {
      renameSync(path.join(stage, target), path.join(root, target));
    }
  } catch (error) {
    for (const folder of folders) rmSync(path.join(root, folder), { recursive: true, force: true });
    for (const [file, content] of before) writeFileSync(path.join(root, file), content);
    throw error;
  }
}

/** The names of all folders that may hold a project. */
function projectsOf(root) {
  const folders = ['apps', 'libs', 'examples', ''].map((folder) => path.join(root, folder));
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder));
}

function nextPort(root) {
  const apps = readdirSync(path.join(root, 'apps')).filter((app) =>
    existsSync(path.join(root, 'apps', app, 'package.json')),
  );
  const ports = apps.map((app) => manifestOf(root, app).devStack?.port ?? 0);
  return Math.max(...ports) + 1;
}

/** As `npm run format` would leave them. */
async function formatted(root, files) {
  const options = JSON.parse(readFileSync(path.join(root, '.oxfmtrc.json'), 'utf8'));
  const result = new Map();
  for (const [file, text] of files) {
    const isFormatted = FORMATTED.test(file) && file !== 'package-lock.json';
    result.set(file, isFormatted ? await formattedText(file, text, options) : text);
  }
  return result;
}

async function formattedText(file, text, options) {
  const { code, errors } = await format(file, text, options);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  return code;
}
