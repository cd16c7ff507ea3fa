import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'

/** Where the recorded inputs are: MILLRACE_DATA, or `../shared/data` beside the repository. */
export function dataFolder(): string {
  return process.env['MILLRACE_DATA'] ?? join(import.meta.dirname, '../../../shared/data')
}

/**
 * The path of a recorded input, or undefined where the data is not at hand. Then the test that asked has passed, with
 * a line that says what it skipped and why; but in CI it has failed, for there the data must be.
 */
export function dataFile(t: ExecutionContext, name: string): string | undefined {
  const path = join(dataFolder(), name)
  if (existsSync(path)) return path
  const why = `not compared: ${path} is not there (MILLRACE_DATA says where the data is)`
  if (process.env['CI'] === 'true') t.fail(why)
  else t.pass(why)
  t.log(why)
  return undefined
}

/** The lines of a small text file, plain or `.gz`. */
export function readDataLines(path: string): string[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
  return text.trimEnd().split(/\r?\n/)
}
