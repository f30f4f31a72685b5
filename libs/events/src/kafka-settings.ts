import { z } from 'zod';

const name = z.string().min(1);

/** How to reach Kafka, as configuration files say it. Secrets stand in files or in the environment, never here. */
export const kafkaSettings = z.strictObject({
  /** `host:port` of some brokers; the others are found through them. */
  brokers: z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, { error: 'expected host:port' })).default([]),
  clientId: name.default('gatehouse'),
  /** Consumer group of the trainers; readers that follow beside them take group ids that begin with it. */
  groupId: name.default('gatehouse'),
  /** Stands before the name of every topic. */
  topicPrefix: z.string().default(''),
  /** Allows unencrypted connections to other hosts. */
  insecure: z.boolean().default(false),
  tls: z
    .strictObject({
      /** Authorities that the brokers' certificates must come from; those of the system when absent. */
      caFile: name.optional(),
      certFile: name.optional(),
      keyFile: name.optional(),
    })
    .nullable()
    .default(null),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: name,
      passwordFile: name.optional(),
      /** Name of a variable of the environment. */
      passwordVariable: name.optional(),
    })
    .nullable()
    .default(null),
  /** What to do where an offset is no longer held: stop, or go on at the first or the last one. */
  onOffsetOutOfRange: z.enum(['fail', 'earliest', 'latest']).default('fail'),
});

/** Settings of Kafka with every default filled in. */
export type KafkaSettings = z.infer<typeof kafkaSettings>;

/** Which event log an app works with. */
export const logSettings = z
  .strictObject({
    kind: z.enum(['embedded', 'kafka']).default('embedded'),
    /** Of the embedded log. */
    folder: name.default('var/log'),
  })
  .prefault({});

/** Which event log, with every default filled in. */
export type LogSettings = z.infer<typeof logSettings>;
