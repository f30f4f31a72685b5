import { z } from 'zod';

const ms = (min: number, max: number, by: number) => z.int().min(min).max(max).default(by);

/** What peers may make the server hold or do. `config/retriever.yaml` says what each means. */
export const limitSettings = z
  .strictObject({
    connections: z.int().min(1).max(100_000).default(1_000),
    connectionsPerPeer: z.int().min(1).max(100_000).default(100),
    penaltyMs: ms(0, 3_600_000, 60_000),
    handshakeMs: ms(100, 60_000, 5_000),
    firstRequestMs: ms(100, 60_000, 5_000),
    requestMs: ms(100, 60_000, 5_000),
    answerMs: ms(100, 600_000, 10_000),
    idleMs: ms(100, 3_600_000, 60_000),
    ageMs: ms(1_000, 86_400_000, 1_800_000),
    ageGraceMs: ms(0, 600_000, 10_000),
    keepaliveMs: ms(100, 3_600_000, 30_000),
    keepaliveTimeoutMs: ms(100, 600_000, 10_000),
    streamsPerConnection: z.int().min(1).max(10_000).default(100),
    headerBytes: z.int().min(1_024).max(65_535).default(16_384),
    resetsPerSecond: z.int().min(1).max(1_000).default(30),
    controlFramesPerSecond: z.int().min(1).max(10_000).default(10),
    spareBytesPerSecond: z.int().min(1_024).max(16_777_216).default(16_384),
  })
  .prefault({});

/** {@link limitSettings} with every default filled in. */
export type LimitSettings = z.infer<typeof limitSettings>;

const file = z.string().min(1);

/** Files (PEM) of the server's certificate and key, and of the authorities that clients' certificates must come from. */
export const tlsSettings = z
  .strictObject({
    certFile: file,
    keyFile: file,
    clientCaFile: file.optional(),
    reloadMs: ms(10, 3_600_000, 10_000),
  })
  .nullable()
  .default(null);

/** {@link tlsSettings} with every default filled in. */
export type TlsSettings = NonNullable<z.infer<typeof tlsSettings>>;
