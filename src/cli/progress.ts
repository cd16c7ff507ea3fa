import { thousands } from '../telemetry/text-table.ts'

const EVERY_MS = 1_000
/** Short runs show a line too. */
const FIRST_MS = 250

/**
 * Says on standard error how far a run is, soon and then once a second: drawn over itself on a terminal, a line each in a pipe.
 * @returns a function that ends it
 */
export function showProgress(commands: () => number, out: NodeJS.WriteStream = process.stderr): () => void {
  const began = performance.now()
  let before = 0
  let last = began
  const show = (): void => {
    const now = performance.now()
    const count = commands()
    const rate = ((count - before) / (now - last)) * 1e3
    before = count
    last = now
    const text = `${((now - began) / 1e3).toFixed(1).padStart(6)} s  ${thousands(count).padStart(14)} orders  ${thousands(rate).padStart(11)}/s`
    out.write(out.isTTY ? `\r${text}\x1b[K` : `${text}\n`)
  }
  let timer = setTimeout(() => {
    show()
    timer = setInterval(show, EVERY_MS)
  }, FIRST_MS)
  if (out.isTTY) show()
  return () => {
    clearInterval(timer)
    if (out.isTTY) out.write('\r\x1b[K')
  }
}
