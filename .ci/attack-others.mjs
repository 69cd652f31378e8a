// Attacks other libraries for access tokens, each in a service as its manual shows it (`attacked/`), and
// prints the table of docs/attacks.md:
//   npm run attack-others                    all of them
//   npm run attack-others -- passport-jwt    those named
// npm installs them into .data, as `npm ci`, which everyone runs, would take longer with them. PyJWT is that of
// this machine (Debian: apt install python3-jwt python3-cryptography), or is left out.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { checkResourceServer, TestIssuer } from '../libs/jwt-core/dist/esm/testing/index.js';

const ROOT = path.join(import.meta.dirname, '..');
const PLACE = path.join(ROOT, '.data/attacked');
const PACKAGES = [
  ...['express@5.3.0', 'express-oauth2-jwt-bearer@1.10.0', 'passport@0.7.0', 'passport-jwt@4.0.1'],
  ...['jsonwebtoken@9.0.3', 'jwks-rsa@4.1.0', 'fastify@5.12.8', '@fastify/jwt@10.2.8'],
  'get-jwks@11.0.3',
];
const REVOKED_WITHIN_MS = 3_000;

const node = process.execPath;
/** By the names of the columns. */
const SERVICES = {
  'express-oauth2-jwt-bearer': [node, 'express-oauth2-jwt-bearer.mjs'],
  'the same, `strict`': [node, 'express-oauth2-jwt-bearer.mjs', 'strict'],
  'passport-jwt': [node, 'passport-jwt.mjs'],
  '@fastify/jwt': [node, 'fastify-jwt.mjs'],
  PyJWT: ['python3', 'pyjwt.py'],
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(SERVICES, name));
if (unknown !== undefined) fail(`"${unknown}" is none of ${Object.keys(SERVICES).join(', ')}`);
install();
const chosen = (names.length > 0 ? names : Object.keys(SERVICES)).filter(isInstalled);
const reports = [];
for (const name of chosen) reports.push({ name, ...(await attack(SERVICES[name])) });
for (const { name, setUp } of reports) if (setUp !== undefined) fail(`${name}: ${setUp}`);
console.log(tableOf(reports));

function install() {
  mkdirSync(PLACE, { recursive: true });
  cpSync(path.join(import.meta.dirname, 'attacked'), PLACE, { recursive: true });
  const args = ['install', '--prefix', PLACE, '--no-save', '--ignore-scripts', ...PACKAGES];
  if (spawnSync('npm', args, { stdio: 'inherit' }).status !== 0) fail('npm could not install them');
}

function isInstalled(name) {
  if (name !== 'PyJWT') return true;
  const code =
    'import jwt, cryptography; print("PyJWT", jwt.__version__, cryptography.__version__)';
  const isThere = spawnSync('python3', ['-c', code], { stdio: 'inherit' }).status === 0;
  if (!isThere) console.error('PyJWT is left out: it is not installed');
  return isThere;
}

/** Starts a service that trusts an issuer of its own, which prints its port, and attacks it. */
async function attack([command, ...args]) {
  const issuer = await TestIssuer.start();
  const service = spawn(command, args, {
    cwd: PLACE,
    env: { ...process.env, ISSUER: issuer.issuer },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const lines = createInterface(service.stdout);
    const [port] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
    if (port === undefined) fail(`${args.join(' ')} does not start`);
    const url = `http://127.0.0.1:${port}/`;
    return await checkResourceServer({ url, issuer, revokedWithinMs: REVOKED_WITHIN_MS });
  } finally {
    service.kill();
    await issuer.close();
  }
}

/** A row for each rule, a column for each service. */
function tableOf(reports) {
  const rules = new Map(reports[0].results.map((result) => [result.rule, result]));
  const rows = [...rules.values()].map(({ rule, rfc, level }) => {
    const ofRule = (results) => results.filter((result) => result.rule === rule);
    const cells = reports.map(({ findings }) => cellOf(ofRule(findings)));
    return [`\`${rule}\``, rfc, level, ofRule(reports[0].results).length, ...cells];
  });
  const head = ['rule', 'section', 'level', 'attacks', ...reports.map(({ name }) => name)];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cellOf(findings) {
  const count = (outcome) => findings.filter((found) => found.outcome === outcome).length;
  const texts = [
    count('let in') || '',
    count('broke') && `${count('broke')} × 5xx`,
    count('shut out') && `${count('shut out')} shut out`,
    count('asked') && `${count('asked')} asked`,
  ];
  return texts.filter((text) => text).join(', ') || '-';
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
