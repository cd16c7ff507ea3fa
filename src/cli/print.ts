import type { Writable } from 'node:stream'
import { systemProblem } from '../operators/input/system-error.ts'
import { ExitCode } from './exit-code.ts'

/**
 * Writes a result and waits until the system has it. A reader that went away, as `head` does when it has seen enough, is
 * no fault; anything else is told on standard error. Returns the exit code.
 */
export async function print(text: string, out: Writable = process.stdout): Promise<number> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    out.once('error', resolve)
    out.write(text, (problem) => resolve(problem ?? undefined))
  })
  if (error === undefined || error.code === 'EPIPE') return ExitCode.good
  process.stderr.write(`millrace: the result could not be written: ${systemProblem(error)}\n`)
  return ExitCode.ioError
}
