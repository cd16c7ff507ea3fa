import type { Alert } from './alerts.ts'

export interface WebhookOptions {
  readonly url: string
  /** How long an answer may take. By default 5,000. */
  readonly timeoutMs?: number | undefined
  /** How often a message is tried again. By default 5. */
  readonly retries?: number | undefined
  /** The wait before the first retry; each one after is twice as long. By default 500. */
  readonly firstRetryMs?: number | undefined
  /** Called where a message was given up, with the reason. */
  readonly onFailure?: ((message: string) => void) | undefined
}

/** What a webhook is sent, as JSON. */
export interface AlertMessage {
  readonly pipeline: string
  readonly alert: string
  readonly when: string
  readonly state: string
  readonly value: number | null
  /** How often the alert has fired: with the name, it tells one message from another. */
  readonly fired: number
  /** UTC time at which it changed. */
  readonly at: string
}

const TIMEOUT_MS = 5_000
const RETRIES = 5
const FIRST_RETRY_MS = 500
/** Messages that may wait while the other side does not take them; the oldest go first. */
const MOST_WAITING = 1_000

/**
 * Tells a server of alerts, one after the other in the order they came. Answers 2xx are taken; 408, 429, 5xx, a time-out
 * and a connection that fails are tried again; any other answer is final.
 */
export class Webhook {
  private readonly options: WebhookOptions
  private readonly queue: AlertMessage[]
  private readonly stop: AbortController
  private working: Promise<void> | undefined

  constructor(options: WebhookOptions) {
    this.options = options
    this.queue = []
    this.stop = new AbortController()
    this.working = undefined
  }

  /** Returns at once. */
  tell(message: AlertMessage): void {
    if (this.queue.length >= MOST_WAITING) {
      const { alert } = this.queue.shift()!
      this.options.onFailure?.(`too many alerts wait: ${JSON.stringify(alert)} is not sent`)
    }
    this.queue.push(message)
    this.working ??= this.work()
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.working
  }

  /** Gives up what waits. */
  close(): void {
    this.queue.length = 0
    this.stop.abort()
  }

  private async work(): Promise<void> {
    for (let message = this.queue.shift(); message !== undefined; message = this.queue.shift()) {
      const problem = await this.deliver(message)
      if (problem !== undefined && !this.stop.signal.aborted)
        this.options.onFailure?.(`alert ${JSON.stringify(message.alert)} was not taken: ${problem}`)
    }
    this.working = undefined
  }

  /** Returns what is wrong, if it was not taken. */
  private async deliver(message: AlertMessage): Promise<string | undefined> {
    const { retries = RETRIES, firstRetryMs = FIRST_RETRY_MS } = this.options
    let waitMs = firstRetryMs
    for (let attempt = 0; ; attempt++) {
      const { problem, isFinal } = await this.post(message)
      if (problem === undefined) return undefined
      if (isFinal || attempt === retries || this.stop.signal.aborted) return problem
      await this.pause(waitMs)
      waitMs *= 2
    }
  }

  private async post(message: AlertMessage): Promise<{ problem?: string; isFinal?: boolean }> {
    const { url, timeoutMs = TIMEOUT_MS } = this.options
    const signal = AbortSignal.any([this.stop.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        redirect: 'error',
        signal,
      })
      await response.body?.cancel()
      if (response.ok) return {}
      const isPassing = response.status >= 500 || response.status === 408 || response.status === 429
      return { problem: `answer ${response.status}`, isFinal: !isPassing }
    } catch (error) {
      const { name, message: text, cause } = error as Error
      if (name === 'TimeoutError') return { problem: `no answer within ${timeoutMs} ms` }
      return { problem: cause instanceof Error ? cause.message : text }
    }
  }

  private pause(ms: number): Promise<void> {
    const { signal } = this.stop
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** An alert as a webhook is told it. */
export function messageOf(pipeline: string, alert: Alert, at = new Date()): AlertMessage {
  const { name, when, state, value, fired } = alert
  return { pipeline, alert: name, when, state, value: value ?? null, fired, at: at.toISOString() }
}
