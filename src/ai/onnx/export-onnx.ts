import { FEATURE_COUNT } from '../features/feature-list.ts'
import { CLIP } from '../models/logistic.ts'
import type { ModelFile } from '../models/model-file.ts'
import { TWO_WAY } from '../models/model.ts'
import { ElementType, ML_DOMAIN, OnnxGraph } from './onnx-graph.ts'

/** What the input and the output of an exported model are called. */
export const ONNX_INPUT = 'features'
export const ONNX_OUTPUT = 'chances'

/**
 * A model as an ONNX file: a matrix of features in, a row each, in the order of the feature list; the chances of down and
 * up, or of down, flat and up, out, by the calibration that the model file begins with.
 *
 * Trees compare as floats, which is what their thresholds and the features are, and so never go another way than inline;
 * what linear models add up is in doubles.
 */
export function exportOnnx(model: ModelFile): Uint8Array {
  const graph = new OnnxGraph()
  const scores = model.kind === 'logistic' ? addLogistic(graph, model) : addTrees(graph, model)
  const { outputs } = model
  const { start } = model.calibration
  const slopes = graph.doubles(
    'slopes',
    [outputs],
    start.map(({ slope }) => slope),
  )
  const intercepts = graph.doubles(
    'intercepts',
    [outputs],
    start.map(({ intercept }) => intercept),
  )
  const scaled = graph.node('Mul', [scores, slopes], 'scaled')
  const shifted = graph.node('Add', [scaled, intercepts], 'shifted')
  const each = graph.node('Sigmoid', [shifted], 'each')
  let chances: string
  if (outputs === TWO_WAY) {
    const one = graph.doubles('one', [1], [1])
    const down = graph.node('Sub', [one, each], 'down')
    chances = graph.node('Concat', [down, each], 'both', { axis: 1 })
  } else {
    const axes = graph.integers('axes', [1])
    const sum = graph.node('ReduceSum', [each, axes], 'sum', { keepdims: 1 })
    chances = graph.node('Div', [each, sum], 'shares')
  }
  graph.node('Cast', [chances], ONNX_OUTPUT, { to: ElementType.float })
  return graph.model(
    model.id,
    { name: ONNX_INPUT, columns: FEATURE_COUNT },
    { name: ONNX_OUTPUT, columns: outputs === TWO_WAY ? 2 : 3 },
    { horizon: model.horizon, features: model.features.join(','), checksum: model.checksum },
  )
}

function addLogistic(graph: OnnxGraph, { logistic, outputs }: ModelFile): string {
  const { weights, biases, means, deviations } = logistic!
  const wide = graph.node('Cast', [ONNX_INPUT], 'wide', { to: ElementType.double })
  const centred = graph.node('Sub', [wide, graph.doubles('means', [FEATURE_COUNT], means)], 'centred')
  const inverses = deviations.map((deviation) => 1 / deviation)
  const standard = graph.node(
    'Mul',
    [centred, graph.doubles('inverses', [FEATURE_COUNT], inverses)],
    'standard',
  )
  const near = graph.node(
    'Clip',
    [standard, graph.doubles('least', [], [-CLIP]), graph.doubles('most', [], [CLIP])],
    'near',
  )
  const columns = Array.from({ length: FEATURE_COUNT }, (_, feature) =>
    weights.map((each) => each[feature]!),
  ).flat()
  const sums = graph.node(
    'MatMul',
    [near, graph.doubles('weights', [FEATURE_COUNT, outputs], columns)],
    'sums',
  )
  return graph.node('Add', [sums, graph.doubles('biases', [outputs], biases)], 'scores')
}

/** All trees of all outputs in one node; a tree of n inner nodes has the inner ones first, then its leaves. */
function addTrees(graph: OnnxGraph, { trees, outputs }: ModelFile): string {
  const nodes = { trees: [], ids: [], features: [], values: [], yes: [], no: [] } as Record<string, number[]>
  const modes: string[] = []
  const leaves = { trees: [], ids: [], outputs: [], weights: [] } as Record<string, number[]>
  let number = 0
  for (const [output, { depth, features, thresholds, leaves: weights }] of trees!.entries()) {
    const inner = 2 ** depth - 1
    for (let root = 0; root < features.length; root += inner) {
      for (let node = 0; node <= 2 * inner; node++) {
        const isLeaf = node >= inner
        nodes['trees']!.push(number)
        nodes['ids']!.push(node)
        nodes['features']!.push(isLeaf ? 0 : features[root + node]!)
        nodes['values']!.push(isLeaf ? 0 : thresholds[root + node]!)
        nodes['yes']!.push(isLeaf ? 0 : 2 * node + 1)
        nodes['no']!.push(isLeaf ? 0 : 2 * node + 2)
        modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ')
        if (!isLeaf) continue
        leaves['trees']!.push(number)
        leaves['ids']!.push(node)
        leaves['outputs']!.push(output)
        leaves['weights']!.push(weights[(root / inner) * (inner + 1) + node - inner]!)
      }
      number++
    }
  }
  const sums = graph.node(
    'TreeEnsembleRegressor',
    [ONNX_INPUT],
    'sums',
    {
      nodes_treeids: { ints: nodes['trees']! },
      nodes_nodeids: { ints: nodes['ids']! },
      nodes_featureids: { ints: nodes['features']! },
      nodes_values: { floats: nodes['values']! },
      nodes_modes: { strings: modes },
      nodes_truenodeids: { ints: nodes['yes']! },
      nodes_falsenodeids: { ints: nodes['no']! },
      // What is not a number goes left, as inline.
      nodes_missing_value_tracks_true: { ints: modes.map(() => 1) },
      target_treeids: { ints: leaves['trees']! },
      target_nodeids: { ints: leaves['ids']! },
      target_ids: { ints: leaves['outputs']! },
      target_weights: { floats: leaves['weights']! },
      n_targets: outputs,
      aggregate_function: 'SUM',
      post_transform: 'NONE',
    },
    ML_DOMAIN,
  )
  const wide = graph.node('Cast', [sums], 'wide', { to: ElementType.double })
  const bases = graph.doubles(
    'bases',
    [outputs],
    trees!.map(({ base }) => base),
  )
  return graph.node('Add', [wide, bases], 'scores')
}
