import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { read } from './repository-files.js';

const FOLDERS = ['base', 'migrate', 'overlays/production'].map(
  (name) => `deploy/kubernetes/${name}`,
);
/** The package with the schemas of an API. */
const packageOf = (apiVersion: string) =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
type Manifest = z.output<typeof Manifest>;

/** A class that has the OpenAPI schema of a resource. */
type Model = new (manifest: unknown) => { validate(): void };

const resourcesOf = (folder: string): Manifest[] =>
  z
    .looseObject({ resources: z.array(z.string()) })
    .parse(parse(read(`${folder}/kustomization.yaml`)))
    .resources.filter((resource) => resource.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(read(`${folder}/${file}`)))
    .map((document) => Manifest.parse(document.toJS()));

const manifests = FOLDERS.flatMap(resourcesOf);

// Vite resolves no import that is made of parts.
const load = createRequire(import.meta.url);

/** @throws Error if there is no such resource, or this is none */
function check(manifest: Manifest): void {
  const { apiVersion, kind } = manifest;
  const models = load(`${packageOf(apiVersion)}/${apiVersion}/${kind}`) as Record<string, Model>;
  new models[kind]!(manifest).validate();
}

it.each(manifests.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
  'the %s %s has the form that the API of Kubernetes demands',
  (_kind, _name, manifest) => check(manifest),
);

it.each([
  ['Deployment', '"sleep":{"seconds":5}', '"sleep":{"seconds":"5"}', 'must be integer'],
  ['ServiceMonitor', '"interval":"5s"', '"interval":"5 seconds"', 'must match pattern'],
  ['PrometheusRule', '"expr":', '"expression":', 'must have required property'],
])('the schemas refuse a %s of another form', (kind, right, wrong, message) => {
  const text = JSON.stringify(manifests.find((each) => each.kind === kind));
  expect(text).toContain(right);
  const changed = Manifest.parse(JSON.parse(text.replace(right, wrong)));
  expect(() => check(changed)).toThrow(message);
});
