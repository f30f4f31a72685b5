import { PermissionDeniedError } from './access-errors';
import type { AccessSettings } from './access-settings';
import type { Principal } from './principal';

/** Decides who may call which method. What nothing allows is denied. */
export interface Policy {
  /** Whether a method needs no credentials. */
  isPublic(method: string): boolean;
  /** @throws PermissionDeniedError unless an entry gives the method to the principal or to one of its roles. */
  check(principal: Principal, method: string): void;
}

interface Allowed {
  readonly principals: Set<string>;
  readonly roles: Set<string>;
}

/** Compiles the entries of the configuration: one look-up a call, however many they are. */
export function createPolicy({ policy, public: open }: Pick<AccessSettings, 'policy' | 'public'>): Policy {
  const openMethods = new Set<string>(open);
  const allowed = new Map<string, Allowed>();
  for (const { principals, roles, methods } of policy)
    for (const method of methods) {
      const entry = allowed.get(method) ?? { principals: new Set(), roles: new Set() };
      for (const principal of principals) entry.principals.add(principal);
      for (const role of roles) entry.roles.add(role);
      allowed.set(method, entry);
    }
  return {
    isPublic: (method) => openMethods.has(method),
    check: ({ id, roles }, method) => {
      const entry = allowed.get(method);
      if (!entry || !(entry.principals.has(id) || roles.some((role) => entry.roles.has(role))))
        throw new PermissionDeniedError();
    },
  };
}
