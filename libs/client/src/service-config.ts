import type { ServiceConfig } from '@grpc/grpc-js';

/**
 * How calls are balanced and repeated. Only UNAVAILABLE is tried again: the server did no work then, and all calls only read.
 * The throttle stops retries while more than about one call in eleven fails, so that they do not add to an overload.
 */
export const serviceConfig: ServiceConfig = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: [{ service: 'gatehouse.v1.CandidateService' }],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: '0.05s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
};
