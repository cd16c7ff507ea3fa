import {
  DiscardPolicy,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { featureProblem } from './features.ts'
import type { NatsLink } from './connection.ts'

/** How a stream is made where it is not there yet. */
export interface StreamSettings {
  readonly storage?: 'file' | 'memory' | undefined
  readonly replicas?: number | undefined
  readonly maxBytes?: number | undefined
  readonly maxMessages?: number | undefined
  readonly maxAgeSeconds?: number | undefined
  /** What happens at a limit: `new` messages are refused (the default), or `old` ones go. */
  readonly discard?: 'new' | 'old' | undefined
  readonly duplicateWindowSeconds?: number | undefined
  readonly compression?: boolean | undefined
}

const NS_PER_SECOND = 1e9
const NOT_FOUND = 10059

/** A stream, and who manages it. */
export interface OpenStream {
  readonly manager: JetStreamManager
  readonly info: StreamInfo
}

/**
 * Finds a stream, or makes it for some subjects. What a server would ignore because it is too old is an error here, and
 * so is an answer that is not what was asked for.
 * @throws Error that names the stream and what is wrong
 */
export async function openStream(
  link: NatsLink,
  name: string,
  subjects: readonly string[],
  settings: StreamSettings,
): Promise<OpenStream> {
  const { replicas = 1, compression = false } = settings
  const lacking =
    (replicas > 1 ? featureProblem(link.version, 'replicas') : undefined) ??
    (compression ? featureProblem(link.version, 'compression') : undefined)
  if (lacking !== undefined) throw new Error(`stream ${name}: ${lacking}`)
  const manager = await jetstreamManager(link.connection, { checkAPI: false })
  try {
    return { manager, info: await manager.streams.info(name) }
  } catch (error) {
    const { code, message } = error as Error & { code?: number }
    if (code !== NOT_FOUND) throw new Error(`stream ${name}: ${describe(message)}`, { cause: error })
  }
  const asked = configOf(name, subjects, settings)
  const info = await manager.streams.add(asked).catch((error: Error) => {
    throw new Error(`stream ${name}: ${describe(error.message)}`)
  })
  for (const key of ['num_replicas', 'storage', 'discard', 'max_bytes', 'max_msgs'] as const)
    if (asked[key] !== undefined && info.config[key] !== asked[key])
      throw new Error(
        `stream ${name}: nats-server ${link.version} made it with ${key} ${info.config[key]}, not ${asked[key]}`,
      )
  return { manager, info }
}

function configOf(
  name: string,
  subjects: readonly string[],
  settings: StreamSettings,
): Partial<StreamConfig> & { name: string } {
  const { storage = 'file', replicas = 1, maxBytes, maxMessages, maxAgeSeconds, discard = 'new' } = settings
  return {
    name,
    subjects: [...subjects],
    retention: RetentionPolicy.Limits,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
    num_replicas: replicas,
    discard: discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    ...(maxMessages === undefined ? {} : { max_msgs: maxMessages }),
    ...(maxAgeSeconds === undefined ? {} : { max_age: maxAgeSeconds * NS_PER_SECOND }),
    ...(settings.duplicateWindowSeconds === undefined
      ? {}
      : { duplicate_window: settings.duplicateWindowSeconds * NS_PER_SECOND }),
    ...(settings.compression === true ? { compression: StoreCompression.S2 } : {}),
  }
}

function describe(message: string): string {
  return /no responders|jetstream not enabled/i.test(message) ? 'the server has no JetStream' : message
}
