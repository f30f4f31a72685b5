import { createManualClock } from '@gatehouse/runtime';

import { createConnectionGate, type Place } from './connection-gate';
import { limitSettings } from './transport-settings';

function open(limits: Partial<ReturnType<typeof limitSettings.parse>>) {
  const clock = createManualClock();
  const gate = createConnectionGate(
    { ...limitSettings.parse({}), penaltyMs: 1000, firstRequestMs: 500, ...limits },
    clock,
  );
  const evicted: string[] = [];
  const enter = (peer: string, name = peer) => gate.enter(peer, () => evicted.push(name));
  const mustEnter = (peer: string, name = peer): Place => {
    const place = enter(peer, name);
    if (typeof place === 'string') throw new Error(`refused: ${place}`);
    return place;
  };
  return { clock, gate, evicted, enter, mustEnter };
}

test('a peer has its places and no more, and another one has its own', () => {
  const { enter, mustEnter } = open({ connectionsPerPeer: 2 });
  const first = mustEnter('a');
  first.prove();
  mustEnter('a');
  expect(enter('a')).toBe('peer-full');
  mustEnter('b');
  first.leave(false);
  mustEnter('a');
  expect(enter('a')).toBe('peer-full');
});

test('the place of a connection that misbehaved comes back after the penalty, an empty one after its time', () => {
  const { clock, enter, mustEnter, gate } = open({ connectionsPerPeer: 2 });
  const bad = mustEnter('a');
  bad.prove();
  bad.leave(true);
  clock.advance(300);
  mustEnter('a').leave(false);
  expect(gate.open).toBe(0);
  expect(enter('a')).toBe('peer-full');
  clock.advance(500); // after the empty one left
  mustEnter('a');
  expect(enter('a')).toBe('peer-full');
  clock.advance(200); // 1000 after the bad one
  mustEnter('a');
  expect(enter('a')).toBe('peer-full');
});

test('when it is full, the oldest without a request makes room; when all have one, nobody does', () => {
  const { enter, mustEnter, evicted, gate } = open({ connections: 3 });
  mustEnter('a', 'first').prove();
  mustEnter('b', 'second');
  mustEnter('c', 'third');
  const fourth = mustEnter('d', 'fourth');
  expect(evicted).toEqual(['second']);
  mustEnter('e', 'fifth').prove();
  expect(evicted).toEqual(['second', 'third']);
  fourth.prove();
  expect(enter('f')).toBe('full');
  expect(gate.open).toBe(3);
});

test('whoever leaves twice gives back one place', () => {
  const { enter, mustEnter, gate } = open({ connectionsPerPeer: 1, firstRequestMs: 0 });
  const place = mustEnter('a');
  place.leave(false);
  place.leave(false);
  expect(gate.open).toBe(0);
  mustEnter('a');
  expect(enter('a')).toBe('peer-full');
});

test('one path for all: a Unix socket has no peers to tell apart', () => {
  const { mustEnter, gate } = open({ connectionsPerPeer: 1 });
  for (let i = 0; i < 5; i++) mustEnter('');
  expect(gate.open).toBe(5);
});
