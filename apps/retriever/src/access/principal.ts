/** Who calls. Each way to prove it has names of its own, so that nobody passes for another by choosing a name. */
export interface Principal {
  /** `token:<name>`, `jwt:<subject>` or `peer:<name of a client certificate>`. */
  readonly id: string;
  /** What the token file or the JWT says; a policy may name them in place of principals. */
  readonly roles: readonly string[];
}
