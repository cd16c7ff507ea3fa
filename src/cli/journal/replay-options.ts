/** What `millrace replay` is asked. */
export interface ReplayCommandOptions {
  readonly verify?: boolean
  readonly from?: number
  readonly to?: number
  readonly pace?: number
  readonly into?: string
  readonly deadLetters?: string
  readonly input?: string
  readonly set: readonly string[]
  readonly format: 'text' | 'json'
  readonly quiet?: boolean
}
