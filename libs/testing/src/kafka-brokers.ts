/**
 * Addresses of the brokers that tests may use, from `KAFKA_BROKERS`.
 *
 * @returns undefined where there are none: the suite is skipped
 * @throws Error where there are none but `REQUIRE_SERVICES=1` says that there must be.
 * @example const describeKafka = kafkaBrokers() ? describe : describe.skip;
 */
export function kafkaBrokers(): readonly string[] | undefined {
  const { KAFKA_BROKERS: brokers = '', REQUIRE_SERVICES: required } = process.env;
  if (brokers !== '') return brokers.split(',');
  if (required === '1') throw new Error('KAFKA_BROKERS: expected host:port,... as REQUIRE_SERVICES=1 asks, found none');
  process.stderr.write('KAFKA_BROKERS is not set: the tests that need a broker are skipped\n');
  return undefined;
}
