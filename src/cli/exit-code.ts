/** Exit codes, after sysexits.h. */
export const ExitCode = {
  good: 0,
  usage: 64,
  badData: 65,
  /** A file to read that is not there or cannot be read. */
  noInput: 66,
  unavailable: 69,
  software: 70,
  /** A file to write that is there already, or where none can be. */
  cannotCreate: 73,
  ioError: 74,
  configuration: 78,
  /** Stopped at once by a second interrupt, as a shell reports it. */
  interrupted: 130,
} as const
