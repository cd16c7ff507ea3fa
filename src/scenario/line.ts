/** What is wrong with a scenario file, for a person to find and mend. */
export interface ScenarioProblem {
  readonly file: string
  /** Both from 1; columns count UTF-16 units. */
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface Token {
  readonly text: string
  readonly column: number
}

const TOKEN = /[>|,@]|[^\s>|,@]+/g
const COMMENT = /(?:^|\s)#.*$/
const NAME = /^\p{L}[\p{L}\p{N}_-]*$/u
const WHOLE = /^-?\d{1,16}$/

/**
 * One line, read word by word. The leftmost thing that is wrong with it stays; what is read after that is of no use
 * and does no harm, so that readers need not ask after every word.
 */
export class Line {
  readonly number: number
  /** Without its comment and the space around it. */
  readonly text: string
  fault: { readonly column: number; readonly message: string } | undefined
  private readonly tokens: readonly Token[]
  private readonly endColumn: number
  private at: number

  constructor(raw: string, number: number) {
    const bare = raw.replace(COMMENT, '').trimEnd()
    this.number = number
    this.text = bare.trimStart()
    this.fault = undefined
    this.tokens = Array.from(bare.matchAll(TOKEN), ({ 0: text, index }) => ({ text, column: index + 1 }))
    this.endColumn = bare.length + 1
    this.at = 0
  }

  /** The next word, or undefined at the end of the line. */
  get next(): string | undefined {
    return this.tokens[this.at]?.text
  }

  /** The word behind one that is still to come, or undefined. */
  behind(word: string): string | undefined {
    const at = this.tokens.findIndex(({ text }, i) => i >= this.at && text === word)
    return at === -1 ? undefined : this.tokens[at + 1]?.text
  }

  /** The next word with its place; at the end of the line an empty one, which is a fault. */
  take(expected: string): Token {
    const token = this.tokens[this.at]
    if (token === undefined) {
      this.fail(`expected ${expected}, got the end of the line`)
      return { text: '', column: this.endColumn }
    }
    this.at++
    return token
  }

  /** Steps over a word if it is the next one. */
  skip(word: string): boolean {
    if (this.next !== word) return false
    this.at++
    return true
  }

  /** Steps over a word that must come next. */
  expect(word: string): void {
    const token = this.take(`"${word}"`)
    if (token.text !== word) this.fail(`expected "${word}", got "${token.text}"`, token)
  }

  /** The name of a client or an order: a letter, then letters, digits, `_` and `-`. */
  name(expected: string): string {
    const token = this.take(expected)
    if (!NAME.test(token.text)) this.fail(`expected ${expected}, got "${token.text}"`, token)
    return token.text
  }

  /** A whole number within limits. */
  whole(expected: string, min: number, max: number): number {
    const token = this.take(expected)
    const value = Number(token.text)
    if (WHOLE.test(token.text) && value >= min && value <= max) return value
    this.fail(`expected ${expected} from ${min} to ${max}, got "${token.text}"`, token)
    return min
  }

  /** Whether all has been read; what is left over is a fault. */
  end(): void {
    const token = this.tokens[this.at]
    if (token !== undefined) this.fail(`expected the end of the line, got "${token.text}"`, token)
  }

  /** Notes what is wrong, at a word or where the line is at. The leftmost fault stays. */
  fail(message: string, token?: Token): void {
    const column = (token ?? this.tokens[this.at])?.column ?? this.endColumn
    if (this.fault === undefined || column < this.fault.column) this.fault = { column, message }
  }
}

/** `a`, `b` or `c` */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
