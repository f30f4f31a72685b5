/** Something that the setup needs is not there, or did not work. The message says what to do. */
export class SetupError extends Error {}
