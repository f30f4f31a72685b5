import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Logger } from '@gatehouse/runtime';

import { toStatus } from '../status';
import { UnauthenticatedError } from './access-errors';
import type { Authenticate } from './authenticate';
import type { Admission, Limiter } from './limiter';
import { methodOf } from './method-names';
import type { Policy } from './policy';

/** Collaborators of {@link createAccessInterceptor}. */
export interface Access {
  readonly authenticate: Authenticate;
  readonly policy: Policy;
  readonly limiter: Limiter;
  readonly logger: Logger;
}

/**
 * Stands before every method of a server, also streams: a call's message is not even read, and no handler starts, before it is known who
 * calls, the policy gives the method to the caller, and the caller is within its limits.
 */
export function createAccessInterceptor({ authenticate, policy, limiter, logger }: Access): ServerInterceptor {
  return ({ path }, call) => {
    const method = methodOf(path);
    let ended = false;
    let admission: Admission | undefined;
    const admit = async (metadata: Metadata): Promise<void> => {
      if (policy.isPublic(method)) return;
      const principal = await authenticate(metadata, call);
      policy.check(principal, method);
      if (!ended) admission = limiter.admit(principal.id); // nothing would give it back after the end
    };
    const refuse = (error: unknown): void => {
      const refusal = error instanceof UnauthenticatedError ? error.refusal : (error as Error).name;
      logger.debug('access.refused', { method, refusal });
      call.sendStatus({ code: status.INTERNAL, details: '', ...toStatus(error, logger) });
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            void admit(metadata).then(() => proceed(metadata), refuse);
          },
          onReceiveMessage: (message, proceed) => {
            admission?.charge(callsIn(message) - 1);
            proceed(message);
          },
          // Comes once at the end of every call, however it ends.
          onCancel: () => {
            ended = true;
            admission?.release();
          },
        }),
    });
  };
}

/** How many calls a message stands for: a batch for as many as its requests. */
function callsIn(message: unknown): number {
  const requests: unknown = (message as { readonly requests?: unknown } | null)?.requests;
  return Array.isArray(requests) ? Math.max(1, requests.length) : 1;
}
