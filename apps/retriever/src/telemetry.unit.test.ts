import { createMetrics } from '@gatehouse/runtime';

import { createFakePair } from './retriever.fixture';
import type { ServingPair } from './serving-pair';
import { createTelemetry } from './telemetry';

function setUp() {
  const metrics = createMetrics('t_');
  const telemetry = createTelemetry(metrics);
  const state: { pair?: ServingPair } = {};
  const admission = { waiting: 3, running: 2, isOverloaded: true };
  telemetry.observe({
    admission,
    limit: { current: 16 },
    pair: () => state.pair,
    connections: () => 7,
    nowMs: () => 65_000,
  });
  /** The lines of values, without those of buckets. */
  const lines = async (): Promise<string[]> =>
    (await metrics.render()).split('\n').filter((line) => /^t_/.test(line) && !line.includes('_bucket'));
  return { telemetry, state, lines };
}

test('calls, stages, failed sources and closed connections are counted', async () => {
  const { telemetry, lines } = setUp();
  telemetry.answered('Retrieve', 'OK', 20);
  telemetry.answered('Retrieve', 'OK', 30);
  telemetry.answered('Retrieve', 'RESOURCE_EXHAUSTED', 1);
  telemetry.spent('embed', 4);
  telemetry.sourceFailed('two-tower');
  telemetry.closed('evicted');
  expect(await lines()).toEqual(
    expect.arrayContaining([
      't_call_seconds_sum{method="Retrieve",status="OK"} 0.05',
      't_call_seconds_count{method="Retrieve",status="OK"} 2',
      't_call_seconds_count{method="Retrieve",status="RESOURCE_EXHAUSTED"} 1',
      't_stage_seconds_sum{stage="embed"} 0.004',
      't_source_failures_total{source="two-tower"} 1',
      't_connections_closed_total{reason="evicted"} 1',
    ]),
  );
});

test('what is now is read when somebody asks, and one version at a time', async () => {
  const { state, lines } = setUp();
  const before = await lines();
  expect(before).toEqual(
    expect.arrayContaining([
      't_calls_waiting 3',
      't_calls_running 2',
      't_calls_running_limit 16',
      't_overloaded 1',
      't_connections_open 7',
      't_model_age_seconds Nan', // no version yet
    ]),
  );
  expect(before.some((line) => line.startsWith('t_version_info'))).toBe(false);
  for (const version of ['1-1', '1-2']) {
    state.pair = createFakePair(version, { modelEventTimeMs: 5_000, catalogueTimeMs: 60_000 });
    const now = await lines();
    expect(now).toEqual(expect.arrayContaining(['t_model_age_seconds 60', 't_index_age_seconds 5']));
    expect(now.filter((line) => line.startsWith('t_version_info'))).toEqual([
      `t_version_info{model_version="${version}",index_version="${version}.1"} 1`,
    ]);
  }
});
