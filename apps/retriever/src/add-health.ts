import {
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** What is asked of the standard health service. */
interface HealthRequest {
  readonly service: string;
}
interface HealthResponse {
  readonly status: string;
}
interface HealthHandlers {
  readonly check: (call: ServerUnaryCall<HealthRequest, HealthResponse>, reply: sendUnaryData<HealthResponse>) => void;
  readonly watch: (call: ServerWritableStream<HealthRequest, HealthResponse>) => void;
}

/**
 * Adds the standard health service, which knows the whole server (`''`) and one service.
 *
 * The library keeps an entry for each name that anybody watches, and repeats unknown names in trailers: a name may be 256 KiB, and there
 * are endless ones. So unknown names do not reach it.
 */
export function addHealth(server: Server, service: string): { readonly setServing: (serving: boolean) => void } {
  const names = ['', service];
  const health = new HealthImplementation({ '': 'NOT_SERVING', [service]: 'NOT_SERVING' });
  const addService: Server['addService'] = (definition, handlers) => {
    const { check, watch } = handlers as unknown as HealthHandlers;
    server.addService(definition, {
      ...handlers,
      check: ((call, reply) => {
        if (names.includes(call.request.service)) check(call, reply);
        else reply({ code: status.NOT_FOUND, details: 'unknown service' });
      }) satisfies HealthHandlers['check'],
      watch: ((call) => {
        if (names.includes(call.request.service)) watch(call);
        else call.write({ status: 'SERVICE_UNKNOWN' }); // and stays open, as the protocol wants it
      }) satisfies HealthHandlers['watch'],
    });
  };
  health.addToServer(Object.assign(Object.create(server) as Server, { addService }));
  return {
    setServing: (serving: boolean): void => {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
