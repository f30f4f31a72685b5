import { createManualClock } from '@gatehouse/runtime';

import { createSearchEffort } from './search-effort';

function setUp(minEffortShare: number, searchEffort = 0) {
  const clock = createManualClock();
  const admission = { isOverloaded: false };
  return { clock, admission, effort: createSearchEffort(admission, { searchEffort, minEffortShare }, clock) };
}

test('is halved step by step in an overload, and comes back more slowly', () => {
  const { clock, admission, effort } = setUp(0.25);
  expect(effort.of(128)).toBe(128);
  admission.isOverloaded = true;
  clock.advance(250);
  expect(effort.of(128)).toBe(64);
  expect(effort.of(128)).toBe(64); // one step at a time
  clock.advance(250);
  expect(effort.of(128)).toBe(32);
  clock.advance(250);
  expect(effort.of(128)).toBe(32); // a quarter is the least
  admission.isOverloaded = false;
  clock.advance(999);
  expect(effort.of(128)).toBe(32);
  clock.advance(1);
  expect(effort.of(128)).toBe(64);
  clock.advance(1000);
  expect(effort.of(128)).toBe(128);
});

test('stays where it must, and what the index chooses is left to it', () => {
  const never = setUp(1);
  never.admission.isOverloaded = true;
  never.clock.advance(10_000);
  expect(never.effort.of(128)).toBe(128);
  expect(never.effort.of(0)).toBe(0);
  expect(setUp(1, 256).effort.of(128)).toBe(256); // the settings win
});
