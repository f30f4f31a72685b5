/** Exit codes of the apps. */
export const exitCode = {
  ok: 0,
  failure: 1,
  /** The configuration cannot be used: a restart will not help. `EX_CONFIG` of sysexits.h. */
  configuration: 78,
} as const;
