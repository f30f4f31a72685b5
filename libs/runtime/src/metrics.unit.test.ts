import { createMetrics } from './metrics';

describe('createMetrics', () => {
  it('renders counters, gauges and histograms with prefix and labels', async () => {
    const metrics = createMetrics('gatehouse_trainer_');
    const events = metrics.counter({ name: 'events_total', help: 'Events by fate.', labels: ['fate'] });
    events.add(2, { fate: 'applied' });
    events.add(1, { fate: 'applied' });
    events.add(1, { fate: 'late' });
    metrics.gauge({ name: 'lag_seconds', help: 'Age of the newest event.' }).set(1.5);
    const steps = metrics.histogram({ name: 'step_seconds', help: 'Time of a step.', buckets: [0.1, 1] });
    steps.observe(0.05);
    steps.observe(0.5);
    steps.observe(7);
    expect((await metrics.render()).split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE gatehouse_trainer_events_total counter',
        'gatehouse_trainer_events_total{fate="applied"} 3',
        'gatehouse_trainer_events_total{fate="late"} 1',
        'gatehouse_trainer_lag_seconds 1.5',
        'gatehouse_trainer_step_seconds_bucket{le="0.1"} 1',
        'gatehouse_trainer_step_seconds_bucket{le="1"} 2',
        'gatehouse_trainer_step_seconds_bucket{le="+Inf"} 3',
      ]),
    );
  });

  it('shares nothing between two sets', async () => {
    const [one, other] = [createMetrics('a_'), createMetrics('a_')];
    one.counter({ name: 'x_total', help: 'x' }).add(1);
    other.counter({ name: 'x_total', help: 'x' });
    expect(await one.render()).toContain('a_x_total 1');
    expect(await other.render()).toContain('a_x_total 0');
  });

  it('refuses a name twice, an unknown label and a negative amount', () => {
    const metrics = createMetrics('a_');
    const counter = metrics.counter({ name: 'x_total', help: 'x', labels: ['kind'] });
    expect(() => metrics.gauge({ name: 'x_total', help: 'x' })).toThrow(/already been registered/);
    expect(() => counter.add(1, { other: 'y' })).toThrow(/label/);
    expect(() => counter.add(-1, { kind: 'y' })).toThrow(/decrease/);
  });
});
