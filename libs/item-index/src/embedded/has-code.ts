/** Whether an error is that of a system call with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
