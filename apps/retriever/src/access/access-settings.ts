import { z } from 'zod';

import { healthMethods, methodNames } from './method-names';

const file = z.string().min(1);
const maxLifetimeMs = 3_600_000;

/** Signatures by a private key that the issuer alone has. With a shared secret, whoever checks a token could also make one. */
const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'] as const;

const principal = z
  .string()
  .regex(/^(token|jwt|peer):[\x21-\x7e]{1,128}$/, { error: 'expected token:<name>, jwt:<subject> or peer:<name>' });

/** Who may call what, and how often; `docs/serving.md` has an example. */
export const accessSettings = z.strictObject({
  /** Callers with a long random token each, known by its hash. */
  tokens: z.strictObject({ file }).nullable().default(null),
  /** Callers with short tokens of an issuer. */
  jwt: z
    .strictObject({
      jwksFile: file,
      issuer: z.string().min(1),
      audience: z.string().min(1),
      algorithms: z.array(z.enum(algorithms)).min(1).default(['ES256', 'EdDSA', 'PS256', 'RS256']),
      maxLifetimeMs: z.int().min(1_000).max(maxLifetimeMs).default(maxLifetimeMs),
      clockToleranceMs: z.int().min(0).max(60_000).default(10_000),
      /** Claim that lists the roles of the caller; null: it has none. */
      rolesClaim: z.string().min(1).nullable().default(null),
    })
    .nullable()
    .default(null),
  /** What is in no entry is denied. */
  policy: z
    .array(
      z.strictObject({
        principals: z.array(principal).default([]),
        roles: z.array(z.string().min(1)).default([]),
        methods: z.array(z.enum(methodNames)).min(1),
      }),
    )
    .default([]),
  /** Methods for callers without credentials, such as load balancers; they are under no limit of a caller. */
  public: z.array(z.enum(healthMethods)).default([]),
  /** Of each caller. */
  limits: z
    .strictObject({
      ratePerSecond: z.number().min(0.01).max(1_000_000).default(1_000),
      burst: z.int().min(1).max(1_000_000).default(1_000),
      maxInFlight: z.int().min(1).max(100_000).default(128),
      /** Callers remembered at a time. */
      maxPrincipals: z.int().min(1).max(1_000_000).default(10_000),
    })
    .prefault({}),
});

/** Settings of access control, with every default filled in. */
export type AccessSettings = z.infer<typeof accessSettings>;
