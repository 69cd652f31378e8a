import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { Manifest, SettingsPatch } from './kubernetes-shapes.js';
import { APPS, exists, prefixOf, read } from './repository-files.js';

type Environment = Record<string, string>;

const ROOT = new URL('../../../', import.meta.url);
const KUBERNETES = 'deploy/kubernetes';

/** What parses the settings of an app: an app is no library of another one, hence no types. */
async function readerOf(app: string): Promise<(environment: Environment) => object> {
  const file = `apps/${app}/src/${app === 'auth' ? 'settings' : 'config'}.ts`;
  const { readConfig, Config } = (await import(new URL(file, ROOT).href)) as {
    readConfig?: (environment: Environment) => object;
    Config: new (environment: Environment) => object;
  };
  return readConfig ?? ((environment) => new Config(environment));
}

const secrets = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(secrets, { recursive: true }));

/** As in the image, with the files that are mounted there. */
function here(environment: Environment): Environment {
  const entries = Object.entries(environment).map(([name, value]) => {
    if (name === 'ACCESS_MODEL')
      return [name, fileURLToPath(new URL('deploy/kubernetes/base/access-model.yaml', ROOT))];
    if (!name.endsWith('_FILE')) return [name, value];
    const file = join(secrets, name);
    writeFileSync(file, name.includes('_KEY') ? btoa('k'.repeat(32)) : 'postgres://app:a@db/app');
    return [name, file];
  });
  return { NODE_ENV: 'production', ...(Object.fromEntries(entries) as Environment) };
}

const variables = (env: readonly { name: string; value: string }[]): Environment =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));

/** The settings of the base, and what the overlay changes. */
function inKubernetes(app: string): Environment {
  const documents = (file: string) =>
    parseAllDocuments(read(`${KUBERNETES}/${file}`)).map((each) => each.toJS() as unknown);
  const manifests = documents(`base/${app}.yaml`).map((each) => Manifest.parse(each));
  const deployment = manifests.find((each) => each.kind === 'Deployment')!;
  const [patch] = documents(`overlays/production/${app}-settings.yaml`);
  const [container] = SettingsPatch.parse(patch).spec.template.spec.containers;
  const [{ env }] = deployment.spec.template.spec.containers;
  return { ...variables(env), ...variables(container.env) };
}

/** Without a file `.env`. */
function inCompose(app: string): Environment {
  const text = read('docker-compose.yml').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
  const Compose = z.looseObject({
    services: z.record(
      z.string(),
      z.looseObject({
        environment: z.record(z.string(), z.string().or(z.number()).transform(String)),
      }),
    ),
  });
  return Compose.parse(parse(text, { merge: true })).services[app]!.environment;
}

describe.each(APPS)('the settings of %s', (app) => {
  it.each([
    // Written by hand: a new app may have none.
    ...(exists(`${KUBERNETES}/base/${app}.yaml`) ? [['Kubernetes', inKubernetes] as const] : []),
    ['Compose', inCompose] as const,
  ])('that %s gives are right, each by its value', async (_where, environmentOf) => {
    const readConfig = await readerOf(app);
    const environment = here(environmentOf(app));
    expect(() => readConfig(environment)).not.toThrow();
    const wrong = { ...environment, [`${prefixOf(app)}_METRICS_PORT`]: 'metrics' };
    expect(() => readConfig(wrong)).toThrow(/METRICS_PORT/);
  });
});
