import { spawn } from 'node:child_process'
import { heapFlags, type HeapSettings } from '../pipeline/runtime-settings.ts'

/** Set in a process that was started with the flags, so that flags that do not take cannot start it over and over. */
const STARTED = 'MILLRACE_HEAP'

/**
 * Starts the program anew with the flags that a heap as asked for needs, unless it has them. V8 lays out its heap before
 * any code runs, so nothing less takes effect.
 * @returns undefined if this process is the one to go on, else, where the system cannot replace a process, the exit
 *   code of the one that did the work
 */
export async function startWithHeap(heap: HeapSettings): Promise<number | undefined> {
  const missing = missingFlags(heap, process.execArgv, process.env)
  if (missing.length === 0 || process.env[STARTED] !== undefined) return undefined
  const args = [...process.execArgv, ...missing, ...process.argv.slice(1)]
  const env = { ...process.env, [STARTED]: missing.join(' ') }
  // Same process id, same terminal, same pipes: whoever started it or signals it need not know.
  if (process.execve !== undefined && process.platform !== 'win32')
    process.execve(process.execPath, [process.execPath, ...args], env)
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  // A terminal tells the child itself of an interrupt; a supervisor knows only this process.
  const ignore = (): void => {}
  process.on('SIGINT', process.stdin.isTTY ? ignore : pass)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, pass)
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

/** The flags that a process lacks. One that it was started with, whatever its value, stands: the command line counts more. */
export function missingFlags(
  heap: HeapSettings,
  execArgv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const given = [...execArgv, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)].map(nameOf)
  return heapFlags(heap).filter((flag) => !given.includes(nameOf(flag)))
}

function nameOf(flag: string): string {
  return flag.split('=', 1)[0]!.replaceAll('_', '-')
}
