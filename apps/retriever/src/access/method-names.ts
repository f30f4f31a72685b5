import { CandidateServiceService } from '@gatehouse/proto';
import { service as healthService } from 'grpc-health-check';

const namesOf = (service: object): string[] =>
  Object.values(service as Record<string, { readonly path: string }>).map(({ path }) => methodOf(path));

/** Method of a call by its path: without the slash in front. */
export const methodOf = (path: string): string => path.slice(1);

/** Methods that tell how the server is, and nothing of what it serves. */
export const healthMethods = [...new Set(namesOf(healthService))];

/** Methods that describe the messages; both versions that clients use. */
const reflectionMethods = ['v1', 'v1alpha'].map(
  (version) => `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);

/** Every method that a policy can name, as `<package>.<Service>/<Method>`. */
export const methodNames = [...namesOf(CandidateServiceService), ...healthMethods, ...reflectionMethods];
