import { connect } from 'node:net'
import { Random } from '../../src/operators/simulator/random.ts'
import { limit, Listener, ServedPipeline } from './served.ts'

export interface FuzzResult {
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>
  /** Connections that ended without an answer. */
  readonly closed: number
  /** Errors that WebSocket clients were told. */
  readonly errors: number
  /** Memory at the end less that after half of it. */
  readonly grownBytes: number
  /** What must not have happened. */
  readonly faults: readonly string[]
}

const AT_ONCE = 32
const MOST_FAULTS = 10

/**
 * Sends malformed, oversized and hostile requests, over HTTP and WebSocket, and looks whether the server is still there,
 * answers no fault of its own (5xx), keeps its memory, and has the book that it had.
 */
export async function fuzzServer(requests: number, seed: number): Promise<FuzzResult> {
  const served = await ServedPipeline.start({ requestsPerSecond: 10_000_000 })
  for (const price of [99, 98, 97]) await served.call('POST', '/api/orders', limit('buy', price, 5))
  for (const price of [101, 102]) await served.call('POST', '/api/orders', limit('sell', price, 5))
  const book = (await served.call('GET', '/api/book/AAPL')).text
  const random = new Random(seed)
  const statuses: Record<string, number> = {}
  const faults: string[] = []
  let [closed, errors, halfBytes] = [0, 0, 0]
  let socket = await Listener.connect(served.wsUrl)
  for (let done = 0; done < requests && faults.length < MOST_FAULTS;) {
    const turn = Math.min(AT_ONCE, requests - done)
    const work: Promise<void>[] = []
    for (let i = 0; i < turn; i++)
      if (random.below(3) === 0) {
        if (socket.socket.readyState !== socket.socket.OPEN) {
          errors += errorsOf(socket)
          socket = await Listener.connect(served.wsUrl)
        }
        socket.socket.send(messageOf(random), { binary: random.below(8) === 0 }, () => {})
      } else {
        const raw = requestOf(random)
        work.push(
          exchange(Number(new URL(served.url).port), raw).then((status) => {
            if (status === undefined) closed++
            else {
              statuses[status] = (statuses[status] ?? 0) + 1
              if (status >= 500 && status !== 505)
                faults.push(`${status} to ${JSON.stringify(raw.slice(0, 300))}`)
            }
          }),
        )
      }
    await Promise.all(work)
    done += turn
    if (halfBytes === 0 && done >= requests / 2) halfBytes = memory()
    if (done % 4_096 < AT_ONCE) {
      errors += errorsOf(socket)
      socket.messages.length = 0
    }
  }
  const last = socket.socket.readyState === socket.socket.OPEN ? socket : await Listener.connect(served.wsUrl)
  last.send({ op: 'ping', id: 'last' })
  await last.until(({ id }) => id === 'last')
  errors += errorsOf(last)
  last.close()
  const grownBytes = memory() - halfBytes
  const after = (await served.call('GET', '/api/book/AAPL')).text
  if (after !== book) faults.push(`the book was ${book} and is ${after}`)
  if ((await served.call('GET', '/health')).status !== 200) faults.push('not healthy')
  await served.close()
  return { statuses, closed, errors, grownBytes, faults }
}

function memory(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function errorsOf({ messages }: Listener): number {
  return messages.filter(({ op }) => op === 'error').length
}

/** Sends bytes and reads the status of the first answer; undefined where the connection ends without one. */
function exchange(port: number, raw: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.end(raw, 'latin1')
    })
    let said = ''
    const end = (): void => {
      socket.destroy()
      const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1]
      resolve(status === undefined ? undefined : Number(status))
    }
    socket.setTimeout(3_000, end)
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text
      if (said.length > 12) end()
    })
    socket.on('error', end)
    socket.on('close', end)
  })
}

const PATHS = [
  '/api/orders',
  '/api/orders/x',
  '/api/book/AAPL',
  '/api/book/%00',
  '/api/trades/AAPL?limit=-1',
  '/api/history?gauge=x',
  '/api/history/compare',
  '/ws',
  '/',
  '/assets/../../etc/passwd',
  '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
  '/%',
  '//',
  '/metrics',
  '/openapi.json',
  '/api/orders?client=%ff',
  '/api/pipeline?x[y]=z',
  '*',
  'http://evil/',
  '/api/book/AAPL?levels=1e9',
]
const METHODS = [
  'GET',
  'POST',
  'PATCH',
  'DELETE',
  'PUT',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  '',
]
const VALUES = [
  'null',
  'true',
  '-1',
  '1e308',
  '1e999',
  '"x"',
  '""',
  '[]',
  '{}',
  '"\\u0000"',
  '"__proto__"',
  '9007199254740993',
  '0.1',
  '"AAPL"',
  '"buy"',
  '"1e5"',
  '"0x10"',
  '"-5"',
  '"99999999999999999999"',
  '"\\ud800"',
  '"a\\nb"',
]
const KEYS = [
  'id',
  'client',
  'symbol',
  'side',
  'quantity',
  'price',
  'type',
  'timeInForce',
  '__proto__',
  'constructor',
  'op',
  'stopPrice',
  'linkedTo',
]

function pick<A>(random: Random, of: readonly A[]): A {
  return of[random.below(of.length)]!
}

/** An object that may be anything but an order that the engine would take: its quantity is never good. */
function objectOf(random: Random): string {
  const depth = random.below(40) === 0
  if (depth) return '['.repeat(5_000) + ']'.repeat(5_000)
  const fields = Array.from({ length: random.below(8) }, () => {
    const key = pick(random, KEYS)
    return `"${key}":${key === 'quantity' ? pick(random, ['-1', '0', '"x"', 'null', '1e999']) : pick(random, VALUES)}`
  })
  const text = `{${fields.join(',')}}`
  return random.below(6) === 0 ? text.slice(0, random.below(text.length + 1)) : text
}

function noise(random: Random, length: number): string {
  return String.fromCharCode(...Array.from({ length }, () => random.below(256)))
}

/** A request as bytes, each as a character. Never a DELETE of all orders of someone: that would be taken. */
function requestOf(random: Random): string {
  if (random.below(12) === 0) return noise(random, 1 + random.below(400))
  const [method, path] = [pick(random, METHODS), pick(random, PATHS)]
  const body = random.below(30) === 0 ? 'x'.repeat(100_000) : objectOf(random)
  const length =
    random.below(10) === 0 ? pick(random, ['-1', '99999999', 'x', '']) : String(Buffer.byteLength(body))
  const headers = [
    `${method} ${method === 'DELETE' ? '/api/orders/x?client=z&symbol=AAPL' : path} HTTP/${pick(random, ['1.1', '1.1', '1.1', '1.0', '9.9'])}`,
    `host: ${pick(random, ['127.0.0.1', '127.0.0.1', '127.0.0.1', 'evil.example', ''])}`,
    `content-type: ${pick(random, ['application/json', 'application/json', 'text/plain', 'x', 'multipart/form-data'])}`,
    `content-length: ${length}`,
    'connection: close',
  ]
  if (random.below(10) === 0) headers.push(`x-long: ${'y'.repeat(random.below(40_000))}`)
  if (random.below(10) === 0) headers.push('transfer-encoding: chunked')
  if (random.below(10) === 0) headers.push('origin: https://evil.example')
  if (random.below(10) === 0)
    headers.push('upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: x')
  return `${headers.join('\r\n')}\r\n\r\n${body}`
}

const OPS = ['subscribe', 'unsubscribe', 'order', 'ping', 'x']

function messageOf(random: Random): string {
  const kind = random.below(200)
  if (kind === 0) return 'z'.repeat(70_000)
  if (kind < 20) return noise(random, random.below(200))
  if (kind < 40) return objectOf(random)
  const op = pick(random, OPS)
  const order = op === 'order' ? `,"order":${objectOf(random)}` : ''
  return `{"op":"${op}","id":${pick(random, VALUES)},"channel":${pick(random, [...VALUES, '"book"', '"orders"', '"trades"'])},"symbol":${pick(random, VALUES)},"levels":${pick(random, VALUES)},"since":${pick(random, VALUES)}${order}}`
}
