import * as E from 'fp-ts/lib/Either.js'
import { dirname, resolve } from 'node:path'
import { readTextFile } from './files.ts'

/** A password or a key; a file that is larger is something else. */
const MAX_SECRET_BYTES = 65_536
const READABLE_BY_ALL = 0o004

/** Names of variables and keys whose values are taken for secrets, whoever set them. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)?$|secret|token|credential|private|api[-_]?key|access[-_]?key|(?:^|_)(?:key|pat)$/i
/** User and password of a URL, as in `nats://user:password@host`. */
const URL_LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi

export const HIDDEN = '***'

/** Whether a variable or key is named like something that must not be printed. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

export interface SecretText {
  readonly value: string
  /** What whoever runs the pipeline should know about the file. */
  readonly warning: string | undefined
}

/**
 * The secret that a file holds: its text less one line end, which editors and `echo` put there.
 * @param from the file that names it, whose folder a relative path begins at; `--set` begins where the program runs
 * @returns the secret, or a message that names the file and not its content
 */
export function readSecret(path: string, from: string): E.Either<string, SecretText> {
  const read = readTextFile(besideOf(from, path), MAX_SECRET_BYTES)
  if (E.isLeft(read)) return E.left(`secret file ${path}: ${read.left}`)
  const { text, mode } = read.right
  const value = text.replace(/\r?\n$/, '')
  if (value === '') return E.left(`secret file ${path}: is empty`)
  const isOpen = mode !== undefined && (mode & READABLE_BY_ALL) !== 0
  const warning = isOpen
    ? `secret file ${path} can be read by everyone (mode 0${mode.toString(8)}): chmod 600 it`
    : undefined
  return E.right({ value, warning })
}

/** A path that a file names, from where the program runs: relative ones begin at the folder of the file. */
export function besideOf(from: string, path: string): string {
  return from.startsWith('--') ? resolve(path) : resolve(dirname(from), path)
}

/** Takes secrets out of text that is about to be printed. */
export class Redactor {
  private readonly shown = new Map<string, string>()

  /** @param instead what the file says in its place, such as `${file:/run/secrets/token}` */
  add(value: string, instead: string): void {
    if (value === '') return
    const escaped = JSON.stringify(value).slice(1, -1)
    for (const form of [value, escaped, encodeURIComponent(value)]) this.shown.set(form, instead)
  }

  redact(text: string): string {
    let left = text
    const longestFirst = [...this.shown].sort(([a], [b]) => b.length - a.length)
    for (const [value, instead] of longestFirst) left = left.replaceAll(value, () => instead)
    return withoutLogin(left)
  }
}

/** A text with the user and password of any URL in it hidden; variables in their place may stay. */
export function withoutLogin(text: string): string {
  return text.replace(URL_LOGIN, (login: string, scheme: string) =>
    login.includes('${') ? login : `${scheme}${HIDDEN}@`,
  )
}
