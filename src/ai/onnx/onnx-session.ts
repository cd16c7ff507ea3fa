import * as E from 'fp-ts/lib/Either.js'

/** A model that answers later: a matrix of features in, a matrix of chances out. */
export interface AsyncModel {
  /** Columns of what it answers: 2 for down and up, 3 with flat between them. */
  readonly columns: number
  readonly run: (features: Float32Array, rows: number) => Promise<Float32Array>
  readonly close: () => Promise<void>
}

/** The part of onnxruntime-node that is used here: it is no dependency, so its types may not be at hand. */
interface Runtime {
  readonly InferenceSession: {
    create(path: string, options: object): Promise<Session>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown
}

interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(
    feeds: Record<string, unknown>,
    fetches: readonly string[],
  ): Promise<Record<string, { readonly data: unknown; readonly dims: readonly number[] }>>
  release(): Promise<void>
}

const PACKAGE = 'onnxruntime-node'

export interface OnnxOptions {
  readonly file: string
  /** By default the model's first input and its last output of floats. */
  readonly input?: string | undefined
  readonly output?: string | undefined
}

/**
 * Opens an ONNX model in the runtime that the user has installed, and asks it once to see that it takes what it will be
 * given: rows of as many features as there are.
 * @returns the model, or in words what is missing or wrong
 */
export async function openOnnx(
  { file, input, output }: OnnxOptions,
  featureCount: number,
  importRuntime: () => Promise<unknown> = () => import(PACKAGE) as Promise<unknown>,
): Promise<E.Either<string, AsyncModel>> {
  let runtime: Runtime
  try {
    const module = (await importRuntime()) as Runtime & { default?: Runtime }
    runtime = module.default ?? module
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : `cannot be loaded: ${(error as Error).message}`
    return E.left(`${file}: ONNX models run through ${PACKAGE}, which ${why}: npm install ${PACKAGE}`)
  }
  let session: Session | undefined
  try {
    // One thread: the cores belong to the orders.
    session = await runtime.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 })
    const named = { input: input ?? session.inputNames[0]!, output: output ?? session.outputNames.at(-1)! }
    const model = modelOf(runtime, session, named, featureCount)
    const first = await model(new Float32Array(featureCount), 1)
    if (first.length !== 2 && first.length !== 3) {
      await session.release()
      return E.left(`${file}: expected 2 or 3 chances a row as output ${named.output}, got ${first.length}`)
    }
    const open = session
    return E.right({ columns: first.length, run: model, close: () => open.release() })
  } catch (error) {
    await session?.release()
    return E.left(`${file}: ${(error as Error).message}`)
  }
}

function modelOf(
  { Tensor }: Runtime,
  session: Session,
  { input, output }: { readonly input: string; readonly output: string },
  featureCount: number,
): AsyncModel['run'] {
  return async (features, rows) => {
    const tensor = new Tensor('float32', features.subarray(0, rows * featureCount), [rows, featureCount])
    const answer = (await session.run({ [input]: tensor }, [output]))[output]
    if (!(answer?.data instanceof Float32Array)) throw new Error(`output ${output}: expected floats`)
    return answer.data
  }
}
