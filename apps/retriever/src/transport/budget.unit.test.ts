import { createManualClock } from '@gatehouse/runtime';

import { createBudget } from './budget';

test('time fills it up to the burst, at its rate', () => {
  const clock = createManualClock();
  const budget = createBudget({ perSecond: 10, burst: 20 }, clock);
  expect(budget.spend(20)).toBe(true);
  expect(budget.spend(1)).toBe(false);
  clock.advance(500); // 5 more
  expect(budget.spend(5)).toBe(true);
  expect(budget.spend(1)).toBe(false);
  clock.advance(60_000); // 600, but no more than 20
  expect(budget.spend(21)).toBe(false);
});

test('what is earned goes beyond the burst, up to the most, and time does not take it away', () => {
  const clock = createManualClock();
  const budget = createBudget({ perSecond: 10, burst: 20, most: 50 }, clock);
  for (let i = 0; i < 10; i++) budget.earn(10);
  clock.advance(60_000);
  expect(budget.spend(50)).toBe(true);
  expect(budget.spend(1)).toBe(false);
});

test('whoever asks for too much has nothing left', () => {
  const budget = createBudget({ perSecond: 1, burst: 10 }, createManualClock());
  expect(budget.spend(11)).toBe(false);
  expect(budget.spend(1)).toBe(false);
});
