import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { Kustomization, Manifest, SettingsPatch, type Deployment } from './kubernetes-shapes.js';
import { exists, read, settingProblem } from './repository-files.js';

const BASE = 'deploy/kubernetes/base';
const MIGRATE = 'deploy/kubernetes/migrate';
const OVERLAY = 'deploy/kubernetes/overlays/production';

const kustomizationOf = (folder: string) =>
  Kustomization.parse(parse(read(`${folder}/kustomization.yaml`)));
const documentsOf = (path: string): unknown[] =>
  parseAllDocuments(read(path)).map((document) => document.toJS() as unknown);
const manifestsOf = (folder: string): Manifest[] =>
  kustomizationOf(folder)
    .resources.filter((resource) => resource.endsWith('.yaml'))
    .flatMap((file) => documentsOf(`${folder}/${file}`))
    .map((manifest) => Manifest.parse(manifest));

const manifests = [BASE, OVERLAY].flatMap(manifestsOf);
const migrations = manifestsOf(MIGRATE);
const ofKind = <Kind extends Manifest['kind']>(kind: Kind) =>
  manifests.filter((each): each is Extract<Manifest, { kind: Kind }> => each.kind === kind);
const deployments = ofKind('Deployment');
const names = deployments.map(({ metadata }) => metadata.name);
const containerOf = ({ spec }: Deployment) => spec.template.spec.containers[0];
const named = (name: string) => ({ 'app.kubernetes.io/name': name });

describe('the manifests for Kubernetes', () => {
  it('are listed, each file once, and their forms are known', () => {
    for (const folder of [BASE, MIGRATE, OVERLAY]) {
      const { resources, patches = [], configMapGenerator = [] } = kustomizationOf(folder);
      const listed = [
        'kustomization.yaml',
        ...resources.filter((resource) => resource.endsWith('.yaml')),
        ...patches.map(({ path }) => path),
        ...configMapGenerator.flatMap(({ files }) => files),
      ];
      const there = readdirSync(fileURLToPath(new URL(`../../../${folder}`, import.meta.url)));
      expect(listed.sort()).toEqual(there.sort());
      for (const resource of resources) expect(exists(`${folder}/${resource}`)).toBe(true);
    }
    expect(names).toEqual(['auth', 'orders']);
  });

  it.each(['Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'] as const)(
    'have a %s for each app',
    (kind) => {
      expect(ofKind(kind).map(({ metadata }) => metadata.name)).toEqual(names);
    },
  );

  it('have a NetworkPolicy for each app, and one for migrations, which accepts no connection', () => {
    const policies = ofKind('NetworkPolicy');
    expect(policies.map(({ metadata }) => metadata.name)).toEqual([...names, 'migrate']);
    expect(policies.at(-1)?.spec.ingress).toEqual([]);
  });

  it('select the pods of their app', () => {
    for (const { metadata, spec } of deployments) {
      const labels = named(metadata.name);
      expect(spec.selector.matchLabels).toEqual(labels);
      expect(spec.template.metadata.labels).toEqual(labels);
      for (const { labelSelector } of spec.template.spec.topologySpreadConstraints) {
        expect(labelSelector.matchLabels).toEqual(labels);
      }
    }
    for (const { metadata, spec } of ofKind('Service')) {
      expect(spec.selector).toEqual(named(metadata.name));
      expect(metadata.labels).toEqual(named(metadata.name));
    }
    for (const { metadata, spec } of ofKind('PodDisruptionBudget')) {
      expect(spec.selector.matchLabels).toEqual(named(metadata.name));
    }
    for (const { metadata, spec } of ofKind('NetworkPolicy')) {
      expect(spec.podSelector.matchLabels).toEqual(named(metadata.name));
    }
    for (const { metadata, spec } of ofKind('HorizontalPodAutoscaler')) {
      expect(spec.scaleTargetRef.name).toBe(metadata.name);
      expect(spec.maxReplicas).toBeGreaterThan(spec.minReplicas);
    }
    const [base] = kustomizationOf(BASE).labels ?? [];
    expect(ofKind('ServiceMonitor')[0]?.spec.selector.matchLabels).toEqual(base?.pairs);
  });

  it('name ports that the container has, by the settings of its app', () => {
    for (const deployment of deployments) {
      const { ports, env, ...container } = containerOf(deployment);
      const { name } = deployment.metadata;
      const settings = Object.fromEntries(env.map((each) => [each.name, each.value]));
      const portOf = (port: string) =>
        String(ports.find((each) => each.name === port)?.containerPort);
      expect(settings['PORT']).toBe(portOf('http'));
      expect(settings[`${name.toUpperCase()}_METRICS_PORT`]).toBe(portOf('metrics'));
      const there = ports.map((port) => port.name);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        expect(there).toContain(container[probe].httpGet.port);
      }
      const service = ofKind('Service').find(({ metadata }) => metadata.name === name);
      for (const { targetPort } of service?.spec.ports ?? []) expect(there).toContain(targetPort);
      const policy = ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === name);
      for (const { port } of policy?.spec.ingress.flatMap((rule) => rule.ports) ?? []) {
        expect(there).toContain(port);
      }
    }
  });

  it('restart a process that is dead, and never one that is not ready', () => {
    for (const deployment of deployments) {
      const { startupProbe, livenessProbe, readinessProbe } = containerOf(deployment);
      expect([startupProbe, livenessProbe].map(({ httpGet }) => httpGet.path)).toEqual(
        Array(2).fill('/health/live'),
      );
      expect(readinessProbe.httpGet.path).toBe('/health/ready');
    }
  });

  it('leave a process the time that it takes to stop', () => {
    for (const deployment of deployments) {
      const { env, lifecycle, readinessProbe } = containerOf(deployment);
      const delay = env.find(({ name }) => name === 'SHUTDOWN_DELAY')?.value ?? '';
      const delaySeconds = Number(/^(\d+)s$/.exec(delay)?.[1]);
      expect(delaySeconds).toBeGreaterThan(readinessProbe.periodSeconds);
      const { terminationGracePeriodSeconds } = deployment.spec.template.spec;
      const stopSeconds = lifecycle.preStop.sleep.seconds + delaySeconds + 10;
      expect(terminationGracePeriodSeconds).toBeGreaterThan(stopSeconds);
    }
  });

  it('name settings that exist, and mount each secret as a file', () => {
    for (const deployment of deployments) {
      const { env, volumeMounts } = containerOf(deployment);
      const { volumes } = deployment.spec.template.spec;
      expect(env.map(({ name }) => settingProblem(name)).filter(Boolean)).toEqual([]);
      const files = env.filter(({ name }) => name.endsWith('_FILE'));
      expect(files.length).toBeGreaterThan(0);
      for (const { value } of files) {
        const mount = volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
        const volume = volumes.find(({ name }) => name === mount?.name);
        expect(volume).toMatchObject({ secret: { secretName: deployment.metadata.name } });
      }
      expect(volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
    }
    const maps = kustomizationOf(BASE).configMapGenerator?.map(({ name }) => name) ?? [];
    for (const { configMap } of deployments.flatMap(({ spec }) =>
      spec.template.spec.volumes.filter((volume) => 'configMap' in volume),
    )) {
      expect(maps).toContain(configMap.name);
    }
  });

  it('leave migrations to a Job of the release, as a role that no other pod has', () => {
    const jobs = migrations.filter((each) => each.kind === 'Job');
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual(names.map((app) => `${app}-migrate`));
    for (const [index, { spec }] of jobs.entries()) {
      const app = names[index] ?? '';
      const { volumes, containers } = spec.template.spec;
      const [{ image, args, env, volumeMounts }] = containers;
      expect([image, args]).toEqual([app, ['node', 'dist/main.js', 'migrate']]);
      // Not those of the app, or its service would send requests to the pod.
      expect(spec.template.metadata.labels).toEqual(named('migrate'));
      expect(volumes).toMatchObject([{ secret: { secretName: `${app}-owner` } }]);
      const settings = Object.fromEntries(env.map(({ name, value }) => [name, value]));
      const variable = app === 'auth' ? 'DATABASE' : 'ORDERS_DATABASE';
      expect(settings).toEqual({
        [`${variable}_URL_FILE`]: `${volumeMounts[0]?.mountPath}/database-url`,
        [`${variable}_APP_ROLE`]: `${app}_app`,
      });
      expect(env.map(({ name }) => settingProblem(name)).filter(Boolean)).toEqual([]);
    }
    for (const deployment of deployments) {
      const { env } = containerOf(deployment);
      expect(env).toContainEqual({ name: 'MIGRATE', value: 'off' });
    }
    // A Job cannot be changed, so the next release needs another name.
    const { images = [], resources } = kustomizationOf(OVERLAY);
    expect(resources).toContain('../../migrate');
    const suffixes = images.map(({ newTag }) => `-${newTag.replaceAll('.', '-')}`);
    expect(new Set(suffixes)).toEqual(new Set([kustomizationOf(MIGRATE).nameSuffix]));
  });

  it('have an overlay that changes settings and images of apps that exist', () => {
    const { patches = [], images = [] } = kustomizationOf(OVERLAY);
    const changed = patches.map(({ path }) =>
      SettingsPatch.parse(documentsOf(`${OVERLAY}/${path}`)[0]),
    );
    expect(changed.map(({ metadata }) => metadata.name)).toEqual(names);
    for (const { metadata, spec } of changed) {
      const [container] = spec.template.spec.containers;
      expect(container.name).toBe(metadata.name);
      const variables = container.env.map(({ name }) => name);
      expect(variables.map(settingProblem).filter(Boolean)).toEqual([]);
      // In production an app does not start without it.
      expect(variables).toContain('ISSUER');
    }
    expect(images.map(({ name }) => name)).toEqual(
      deployments.map((each) => containerOf(each).image),
    );
  });

  it('have the alerts of the runbook', () => {
    const runbook = read('docs/runbook.md');
    const [, block = ''] = /```yaml\n(groups:\n.*?)```/s.exec(runbook) ?? [];
    expect(ofKind('PrometheusRule')[0]?.spec).toEqual(parse(block));
    const intervals = [...runbook.matchAll(/scrape_interval: (\w+)/g)].map(([, each]) => each);
    const [endpoint] = ofKind('ServiceMonitor')[0]?.spec.endpoints ?? [];
    expect(intervals).toEqual(names.map(() => endpoint?.interval));
  });
});
