/** Settings that contradict themselves, or that name a secret that is not there. The start is refused. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(
    /** Key of the configuration, such as `kafka.tls`. */
    readonly key: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${key}: ${problem}`, options);
  }
}
