import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { candidateServiceDescriptors } from '@gatehouse/proto';
import { service as healthService } from 'grpc-health-check';

/** Lets clients ask a server for the descriptors of its services and their messages. */
export function addReflection(server: Server): void {
  const ours = { fileDescriptorProtos: candidateServiceDescriptors.map((each) => Buffer.from(each, 'base64')) };
  // How proto-loader, which the health service is read with, keeps the file of a message.
  const health = (healthService['Check'] as unknown as { requestType: typeof ours }).requestType;
  const definition = { ours, health } as unknown as ConstructorParameters<typeof ReflectionService>[0];
  new ReflectionService(definition).addToServer(server);
}
