import type { Clock } from '@gatehouse/runtime';

import type { LimitSettings } from './transport-settings';

/** Why a connection was not let in. */
export type Refusal = 'full' | 'peer-full';

/** A connection's place among those that are allowed. */
export interface Place {
  /** A request came over it. Connections without one make room first when the server is full. */
  prove(): void;
  /** Gives the place back; when the connection misbehaved, or never brought a request, only after a while. */
  leave(misbehaved: boolean): void;
}

/** Counts connections, in all and by peer. */
export interface ConnectionGate {
  /** Connections that are open. */
  readonly open: number;
  /**
   * Asks for a place. When the server is full, the oldest connection without a request is told to go.
   *
   * @param evict closes the connection for another one.
   */
  enter(peer: string, evict: () => void): Place | Refusal;
}

interface KeptPlace {
  readonly peer: string;
  readonly untilMs: number;
}

/**
 * Creates a gate. The place of a connection that misbehaved stays taken for `penaltyMs`, and that of one that brought no request for
 * `firstRequestMs`: so connecting anew and anew costs a peer its places, and what floods can cost in that time is bounded by
 * `connectionsPerPeer`.
 */
export function createConnectionGate(
  { connections, connectionsPerPeer, penaltyMs, firstRequestMs }: LimitSettings,
  clock: Clock,
): ConnectionGate {
  const taken = new Map<string, number>();
  const unproven = new Set<() => void>();
  const kept = { misbehaved: new Set<KeptPlace>(), unproven: new Set<KeptPlace>() };
  let open = 0;
  const release = (peer: string): void => {
    const left = (taken.get(peer) ?? 0) - 1;
    if (left > 0) taken.set(peer, left);
    else taken.delete(peer);
  };
  const releaseKept = (): void => {
    for (const places of Object.values(kept)) {
      for (const place of places) {
        if (place.untilMs > clock.monotonicMs()) break; // the first is due first, for all of a kind are kept as long
        places.delete(place);
        release(place.peer);
      }
    }
  };
  const hasRoom = (): boolean => {
    if (open < connections) return true;
    const [evictOldest] = unproven;
    evictOldest?.();
    return open < connections;
  };

  return {
    get open() {
      return open;
    },
    enter: (peer, evict) => {
      releaseKept();
      // A Unix socket has one peer for all.
      if (peer !== '' && (taken.get(peer) ?? 0) >= connectionsPerPeer) return 'peer-full';
      if (!hasRoom()) return 'full';
      open++;
      taken.set(peer, (taken.get(peer) ?? 0) + 1);
      let proven = false;
      let left = false;
      const leave = (misbehaved: boolean): void => {
        if (left) return;
        left = true;
        open--;
        unproven.delete(evictThis);
        const nowMs = clock.monotonicMs();
        if (misbehaved) kept.misbehaved.add({ peer, untilMs: nowMs + penaltyMs });
        else if (!proven) kept.unproven.add({ peer, untilMs: nowMs + firstRequestMs });
        else release(peer);
      };
      const evictThis = (): void => {
        leave(false);
        evict();
      };
      unproven.add(evictThis);
      return {
        prove: () => {
          proven = true;
          unproven.delete(evictThis);
        },
        leave,
      };
    },
  };
}
