/**
 * Address of the Qdrant server that tests may use, from `QDRANT_URL`. Its key, where it wants one, is in `QDRANT_API_KEY`.
 *
 * @returns undefined where there is none: the suite is skipped
 * @throws Error where there is none but `REQUIRE_SERVICES=1` says that there must be.
 * @example const describeQdrant = qdrantUrl() ? describe : describe.skip;
 */
export function qdrantUrl(): string | undefined {
  const { QDRANT_URL: url = '', REQUIRE_SERVICES: required } = process.env;
  if (url !== '') return url;
  if (required === '1') throw new Error('QDRANT_URL: expected http://host:port as REQUIRE_SERVICES=1 asks, found none');
  process.stderr.write('QDRANT_URL is not set: the tests that need Qdrant are skipped\n');
  return undefined;
}
