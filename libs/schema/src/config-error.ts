/** One thing wrong with a configuration. */
export interface ConfigProblem {
  /** Where to correct it: `file:line:column` of the key, or `variable <name>`. */
  readonly place: string;
  /** Key, such as `query.features[0].table`; empty when no key is meant. */
  readonly path: string;
  /** What is allowed and what was found. */
  readonly message: string;
}

/**
 * A configuration that cannot be used. The message has one line per problem, so that all can be corrected at once.
 *
 * Causes: text that is not YAML, unknown or missing keys, values outside of what is allowed, unknown environment variables,
 * a file that cannot be read (then with `cause`).
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly file: string,
    readonly problems: readonly ConfigProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(formatProblem).join('\n'), options);
  }
}

function formatProblem({ place, path, message }: ConfigProblem): string {
  return [place, path, message].filter((part) => part !== '').join(': ');
}
