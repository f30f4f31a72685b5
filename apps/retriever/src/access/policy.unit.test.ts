import { PermissionDeniedError } from './access-errors';
import { accessSettings } from './access-settings';
import { methodNames } from './method-names';
import { createPolicy } from './policy';

const retrieve = 'gatehouse.v1.CandidateService/Retrieve';
const similar = 'gatehouse.v1.CandidateService/SimilarItems';
const compile = (settings: object) => createPolicy(accessSettings.parse(settings));
const principal = (id: string, ...roles: string[]) => ({ id, roles });

test('it knows the methods of every service', () => {
  expect([...methodNames].sort()).toEqual([
    'gatehouse.v1.CandidateService/BatchRetrieve',
    retrieve,
    similar,
    'grpc.health.v1.Health/Check',
    'grpc.health.v1.Health/List',
    'grpc.health.v1.Health/Watch',
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  ]);
});

test('without an entry every method is denied to everybody', () => {
  const policy = compile({});
  for (const method of [...methodNames, '', 'other/Method', '__proto__', 'constructor']) {
    expect(policy.isPublic(method)).toBe(false);
    expect(() => policy.check(principal('token:a', 'admin'), method)).toThrow(PermissionDeniedError);
  }
});

test('an entry gives its methods to its principals and roles, and to nobody else', () => {
  const policy = compile({
    policy: [
      { principals: ['token:a'], methods: [retrieve] },
      { roles: ['batch'], methods: [retrieve, similar] },
    ],
    public: ['grpc.health.v1.Health/Check'],
  });
  const may = (id: string, roles: string[], method: string): boolean => {
    try {
      policy.check(principal(id, ...roles), method);
      return true;
    } catch {
      return false;
    }
  };
  expect(may('token:a', [], retrieve)).toBe(true);
  expect(may('token:a', [], similar)).toBe(false);
  expect(may('jwt:a', [], retrieve)).toBe(false); // another proof is another principal
  expect(may('jwt:x', ['batch'], similar)).toBe(true);
  expect(may('batch', [], similar)).toBe(false); // a principal is no role
  expect(may('jwt:x', ['token:a'], retrieve)).toBe(false); // and a role no principal
  expect(policy.isPublic('grpc.health.v1.Health/Check')).toBe(true);
  expect(policy.isPublic('grpc.health.v1.Health/Watch')).toBe(false);
});

test.each([
  [{ policy: [{ principals: ['token:a'], methods: ['gatehouse.v1.CandidateService/Retreive'] }] }],
  [{ policy: [{ principals: ['a'], methods: [retrieve] }] }],
  [{ policy: [{ principals: ['token:a'], methods: [] }] }],
  [{ policy: [{ anybody: true, methods: [retrieve] }] }],
  [{ public: [retrieve] }],
])('%j is refused', (settings) => {
  expect(accessSettings.safeParse(settings).success).toBe(false);
});
