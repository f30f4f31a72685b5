import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';

import { UnauthenticatedError } from './access-errors';
import type { JwtVerifier } from './jwt-verifier';
import type { TokenTable } from './parse-tokens';
import type { Principal } from './principal';
import { takeBearer } from './take-bearer';

/** Who makes a call. @throws UnauthenticatedError */
export type Authenticate = (metadata: Metadata, call: ServerInterceptingCallInterface) => Promise<Principal>;

/** Whom the connection of a call proves, by a certificate of the client; undefined: nobody. */
export type PrincipalOfPeer = (call: ServerInterceptingCallInterface) => Principal | undefined;

/** The ways to prove who calls. */
export interface Authenticators {
  readonly tokens?: TokenTable;
  readonly jwt?: JwtVerifier;
  readonly principalOfPeer?: PrincipalOfPeer;
}

/**
 * Tries the ways in order: a token of the table, a JWT, the connection. A call that brings a bad token is refused, whatever its connection
 * proves.
 */
export function createAuthenticate({ tokens, jwt, principalOfPeer }: Authenticators): Authenticate {
  return async (metadata, call) => {
    const token = takeBearer(metadata);
    if (token === undefined) {
      const peer = principalOfPeer?.(call);
      if (!peer) throw new UnauthenticatedError('no-credentials');
      return peer;
    }
    const known = tokens?.(token);
    if (known) return known;
    if (!jwt || token.split('.').length !== 3) throw new UnauthenticatedError('unknown-token');
    return jwt(token).catch(() => {
      throw new UnauthenticatedError('bad-jwt');
    });
  };
}
