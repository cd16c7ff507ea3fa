/** Microseconds by a clock that all threads of the machine share. */
export function monotonicUs(): number {
  const [seconds, ns] = process.hrtime()
  return seconds * 1e6 + ns / 1e3
}
