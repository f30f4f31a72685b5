import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';

import { collect, idsOf, impression, impressions } from '../samples.contract';
import { kafkaSettings } from '../kafka-settings';
import { impressionsTopic, itemsTopic, deadLetterTopic } from '../topics';
import { openCluster, quietLogger } from './cluster.fixture';
import { connectKafka, type KafkaConnection } from './connect-kafka';
import { createKafkaImpressionSource } from './kafka-impression-source';
import { kafkaLogOver } from './open-kafka-log';
import { systemClock } from '@gatehouse/runtime';

jest.setTimeout(120_000);

/** Addresses that want a login, for `app` with the password in GATEHOUSE_KAFKA_PASSWORD; those of KAFKA_BROKERS obey anybody. */
const saslBrokers = process.env['KAFKA_SASL_BROKERS']?.split(',');
const describeSasl = saslBrokers ? describe : describe.skip;
if (!saslBrokers) process.stderr.write('KAFKA_SASL_BROKERS is not set: the tests of logins and rights are skipped\n');

/** What a trainer needs, by topic and group. */
const rightsOfTrainer = [
  [AclResourceTypes.TOPIC, impressionsTopic, AclOperationTypes.READ],
  [AclResourceTypes.TOPIC, itemsTopic, AclOperationTypes.READ],
  [AclResourceTypes.TOPIC, deadLetterTopic, AclOperationTypes.WRITE],
  [AclResourceTypes.GROUP, '', AclOperationTypes.READ],
] as const;

describeSasl('a broker that wants a login', () => {
  let admin: KafkaConnection;
  let app: KafkaConnection;

  const login = (changes: object = {}): KafkaConnection => {
    const { topicPrefix, groupId } = admin.settings;
    const sasl = { mechanism: 'scram-sha-512', username: 'app', passwordVariable: 'GATEHOUSE_KAFKA_PASSWORD' };
    const settings = kafkaSettings.parse({ brokers: saslBrokers, topicPrefix, groupId, sasl, ...changes });
    return connectKafka(settings, { environment: process.env }, quietLogger, systemClock);
  };

  beforeEach(async () => {
    admin = await openCluster(2);
    const acl = rightsOfTrainer.map(([resourceType, name, operation]) => ({
      resourceType,
      resourceName: resourceType === AclResourceTypes.GROUP ? admin.settings.groupId : admin.topicName(name),
      resourcePatternType:
        resourceType === AclResourceTypes.GROUP ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: 'User:app',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }));
    await (await admin.admin()).createAcls({ acl });
    app = login();
  });
  afterEach(async () => {
    await app.close();
    await admin.close();
  });

  it('gives a trainer what it needs by SCRAM-SHA-512, and nothing else', async () => {
    const [owner, trainer] = [kafkaLogOver(admin), kafkaLogOver(app)];
    await owner.sink.append(impressions('a', 3));
    await owner.items.put([{ itemId: 'i', features: {}, available: true }]);
    expect(idsOf(await collect(trainer.source, {}, 3))).toHaveLength(3);
    expect((await trainer.items.snapshot()).values).toHaveLength(1);
    const letter = { topic: 'impressions', partition: 0, offset: 1, rejection: { code: 'c', reason: 'r' } };
    await trainer.deadLetters.reject([{ ...letter, value: new Uint8Array(1) }]);
    const term = await trainer.election.elected(new AbortController().signal);
    expect(idsOf(await collect(term.source, {}, 3))).toHaveLength(3);

    await expect(trainer.sink.append([impression()])).rejects.toThrow(/not authorized/i);
    await expect(trainer.items.remove(['i'])).rejects.toThrow(/not authorized/i);
    const stranger = login({ groupId: 'another-group' });
    await expect(collect(createKafkaImpressionSource(stranger), {}, 1)).rejects.toThrow(
      /group another-group.*expected the right to read/,
    );
    await stranger.close();
    await trainer.close();
    await owner.close();
  });

  it('refuses a wrong password, and neither error nor log tells one', async () => {
    const lines: string[] = [];
    const say = (message: string, fields: object = {}): void => void lines.push(message + JSON.stringify(fields));
    const logger = { debug: say, info: say, warn: say, error: say, child: () => logger };
    const sasl = { mechanism: 'scram-sha-512', username: 'app', passwordVariable: 'WRONG' } as const;
    const settings = kafkaSettings.parse({ brokers: saslBrokers, sasl });
    const wrong = connectKafka(settings, { environment: { WRONG: 'hunter2-canary' } }, logger, systemClock);
    const error: unknown = await wrong.bounds(impressionsTopic).catch((each: unknown) => each);
    expect(String(error)).toMatch(/authentication/i);
    await wrong.close();
    const said = [String(error), JSON.stringify(error), ...lines].join('\n');
    expect(lines.length).toBeGreaterThan(0);
    expect(said).not.toContain('hunter2-canary');
    expect(said).not.toContain(process.env['GATEHOUSE_KAFKA_PASSWORD']);
  });
});
