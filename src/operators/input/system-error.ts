/** What the system said went wrong, without the call and the path that Node puts around it: `no such file or directory`. */
export function systemProblem(error: unknown): string {
  const { message } = error as Error
  return /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1] ?? message
}
