import type { ServerInterceptor } from '@grpc/grpc-js';
import { type Clock, type Delay, isLoopbackHost, type Logger, SettingsError } from '@gatehouse/runtime';

import { unixPathOf } from '../transport/listen';
import { createAccessInterceptor } from './access-interceptor';
import type { AccessSettings } from './access-settings';
import { type Authenticators, createAuthenticate, type PrincipalOfPeer } from './authenticate';
import { type FollowedFile, openFollowedFile } from './followed-file';
import { createJwtVerifier, parseJwks } from './jwt-verifier';
import { createLimiter } from './limiter';
import { parseTokens } from './parse-tokens';
import { createPolicy } from './policy';
import { rememberJwts } from './remember-jwts';

/** Collaborators of {@link openAccess}. */
export interface AccessParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whom a client's certificate names; there when the transport asks clients for certificates. */
  readonly principalOfPeer?: PrincipalOfPeer;
}

/** Where a server listens, and under which rules. */
export interface GuardedListening {
  readonly host: string;
  readonly insecure: boolean;
  readonly access: AccessSettings | null;
}

/** Without access control whoever reaches the port may ask: so only this machine may. @throws SettingsError */
export function requireAccess({ host, insecure, access }: GuardedListening): void {
  if (access === null && !insecure && !isLoopbackHost(host) && unixPathOf(host) === undefined)
    throw new SettingsError(
      'access',
      `expected settings, because host ${host} is not loopback, found null; listen on 127.0.0.1, or set insecure: true to let anybody ask`,
    );
}

/** Access control of one server. */
export interface OpenAccess {
  /** What stands before every method; nothing without settings. */
  readonly interceptors: ServerInterceptor[];
  /** Follows the files that the settings name until the signal aborts. */
  follow(delay: Delay, signal: AbortSignal): Promise<void>;
}

/**
 * Reads the files that the settings name.
 *
 * @throws SettingsError for a file that is no good, and when there is no way to prove who calls.
 */
export async function openAccess(settings: AccessSettings | null, parts: AccessParts): Promise<OpenAccess> {
  if (settings === null) return { interceptors: [], follow: async () => undefined };
  const { clock, logger, principalOfPeer } = parts;
  const { tokens, jwt } = settings;
  if (!tokens && !jwt && !principalOfPeer)
    throw new SettingsError('access', 'expected tokens, jwt or certificates of clients, found none');
  const table = tokens && (await openTokens(tokens, logger));
  const keys = jwt && (await openKeys(jwt, logger));
  const authenticators: Authenticators = {
    ...(table && { tokens: (token) => table.current()(token) }),
    ...(keys && { jwt: rememberJwts(createJwtVerifier(keys.current, jwt, clock), keys.current, clock) }),
    ...(principalOfPeer && { principalOfPeer }),
  };
  const authenticate = createAuthenticate(authenticators);
  const policy = createPolicy(settings);
  const limiter = createLimiter(settings.limits, clock);
  const files: FollowedFile<unknown>[] = [table, keys].filter((file) => file !== null);
  return {
    interceptors: [createAccessInterceptor({ authenticate, policy, limiter, logger })],
    follow: async (delay, signal) => {
      await Promise.all(files.map((file) => file.follow(delay, signal)));
    },
  };
}

const openTokens = ({ file }: NonNullable<AccessSettings['tokens']>, logger: Logger) =>
  openFollowedFile({ key: 'access.tokens.file', file, parse: parseTokens }, logger);

const openKeys = ({ jwksFile, algorithms }: NonNullable<AccessSettings['jwt']>, logger: Logger) =>
  openFollowedFile(
    { key: 'access.jwt.jwksFile', file: jwksFile, parse: (text) => parseJwks(text, algorithms) },
    logger,
  );
