import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { listOf, oneOf, options, text } from '../pipeline/codec.ts'
import { decodeProblems } from '../pipeline/decode-problems.ts'

/** What a key may be used for: each role may do all that those before it may. */
export const ROLES = ['viewer', 'trader', 'risk', 'operator'] as const
export type Role = (typeof ROLES)[number]

/** A key as it is kept: only its hash. */
export interface StoredKey {
  readonly id: string
  readonly role: Role
  /** The one client that a trader's orders may be for. */
  readonly client?: string | undefined
  /** SHA-256 of the key, in hex. A key is 256 random bits, so nothing slower is needed to keep it from being guessed. */
  readonly sha256: string
}

const fileCodec = options({
  keys: listOf(options({ id: text, role: oneOf(...ROLES), sha256: text }, { client: text })),
})

/** Who makes a request. */
export interface Caller {
  readonly id: string
  readonly role: Role
  readonly client: string | undefined
}

/** Where no keys are kept, everyone on this machine may do everything. */
export const LOCAL_CALLER: Caller = { id: 'local', role: 'operator', client: undefined }

const KEY_BYTES = 32
const PREFIX = 'mr_'

/** The keys of a file, by which callers are known. */
export class ApiKeys {
  private readonly keys: readonly { readonly hash: Buffer; readonly caller: Caller }[]

  constructor(stored: readonly StoredKey[]) {
    this.keys = stored.map(({ id, role, client, sha256 }) => ({
      hash: Buffer.from(sha256, 'hex'),
      caller: { id, role, client },
    }))
  }

  /** @throws Error that names the file and what is wrong with it */
  static read(file: string): ApiKeys {
    return new ApiKeys(readKeys(file))
  }

  /** Who a key belongs to, in a time that says nothing about how near a wrong one came. */
  callerOf(key: string): Caller | undefined {
    const hash = hashOf(key)
    let found: Caller | undefined
    for (const known of this.keys)
      if (known.hash.length === hash.length && timingSafeEqual(known.hash, hash)) found = known.caller
    return found
  }
}

/** Whether a role may do what another one is needed for. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

export function readKeys(file: string): StoredKey[] {
  let data: unknown
  try {
    data = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
  const decoded = fileCodec.decode(data)
  if (E.isRight(decoded)) return [...decoded.right.keys]
  const told = decodeProblems(decoded.left).map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(`${file}: ${told.join('; ')}`)
}

/**
 * Adds a key to a file, which is made if it is not there and which only its owner can read.
 * @returns the key itself, which is kept nowhere
 * @throws Error where the file is no such file or already has that id
 */
export function createKey(file: string, id: string, role: Role, client: string | undefined): string {
  const keys = existing(file)
  if (keys.some((key) => key.id === id))
    throw new Error(`${file}: there is a key ${JSON.stringify(id)} already`)
  const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url')
  const stored: StoredKey = {
    id,
    role,
    ...(client === undefined ? {} : { client }),
    sha256: hashOf(key).toString('hex'),
  }
  writeFileSync(file, `${JSON.stringify({ keys: [...keys, stored] }, null, 2)}\n`, { mode: 0o600 })
  return key
}

function existing(file: string): StoredKey[] {
  try {
    return readKeys(file)
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    if (cause?.code === 'ENOENT') return []
    throw error
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
