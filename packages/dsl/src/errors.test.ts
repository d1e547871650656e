import { describe, expect, it } from 'vitest';
import {
  add,
  block,
  capacity,
  compress,
  concat,
  dataDependent,
  entry,
  less,
  linear,
  ModelError,
  model,
  mul,
  reduceSum,
  reshape,
  slice,
  type TensorOf,
  transpose,
  upTo,
  when,
} from './index.ts';

type X = TensorOf<'float[batch seq hidden]'>;

/** A model of one entry, `step`, with an input x. */
const withBody = (body: (x: X) => unknown) =>
  model('tiny', {
    dims: {
      batch: 1,
      seq: upTo(16),
      image: upTo(4),
      past: capacity(64),
      found: dataDependent(16),
      hidden: 48,
      model: 64,
      ffn: 96,
    },
    entries: {
      step: entry({ inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => {
        body(x);
        return { x };
      }),
    },
  });

/** What a reader sees, without the folder of the checkout. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message.replaceAll(/[^\s"(]*\/packages\/dsl\//g, '');
  }
  throw new Error('nothing was thrown');
}

const build = (body: (x: X) => unknown) => messageOf(() => withBody(body).build({ dtype: 'f32' }));

// TypeScript finds most of these first; a model file that is run without being checked must hear of them too.
describe('errors', () => {
  it('name both shapes when sizes differ', () => {
    const up = block(
      'model.layers.0.mlp',
      { inputs: 'float[... hidden]', params: { weight: 'float[ffn model]' } },
      // @ts-expect-error
      (x, p) => linear(x, p.weight),
    );
    expect(build(up)).toMatchSnapshot();
  });

  it('say where an input was declared when a call does not fit it', () => {
    const norm = block('norm', { inputs: { x: 'float[batch seq model]' } }, ({ x }) => x);
    // @ts-expect-error
    expect(build((x) => norm({ x }))).toMatchSnapshot();
  });

  it('compare the leading dims of all inputs', () => {
    const sum = block('sum', { inputs: { a: 'float[... hidden]', b: 'float[... hidden]' } }, ({ a, b }) => add(a, b));
    const rows = (x: X) => reshape(x, ['seq', 'hidden']);
    // @ts-expect-error
    expect(build((x) => sum({ a: x, b: rows(x) }))).toMatchSnapshot();
  });

  it('find a dim that is not declared, and the nearest', () => {
    const norm = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[hiden]' } }, (x) => x);
    expect(build(norm)).toMatchSnapshot();
  });

  it('show a dim expression that does not parse', () => {
    const norm = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[2*]' } }, (x) => x);
    expect(build(norm)).toMatchSnapshot();
  });

  it('give both places of a param with two types', () => {
    const first = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[hidden]' } }, (x) => x);
    const second = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[ffn]' } }, (x) => x);
    expect(build((x) => second(first(x)))).toMatchSnapshot();
  });

  it('want params of fixed sizes', () => {
    const norm = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[seq]' } }, (x) => x);
    expect(build(norm)).toMatchSnapshot();
  });

  it('want one capacity in a state', () => {
    const none = block('b', { inputs: { x: 'float[... hidden]' }, state: { seen: 'float[batch seq]' } }, ({ x }) => x);
    expect(build((x) => none({ x }))).toMatchSnapshot();
  });

  it('say which operand is missing', () => {
    const scale = block('b', { inputs: 'float[... hidden]', params: { gain: when(false, 'float[hidden]') } }, (x, p) =>
      // @ts-expect-error
      mul(x, p.gain),
    );
    expect(build(scale)).toMatchSnapshot();
  });

  it('show when a name is given to another size', () => {
    expect(build((x) => concat([x, x], 'seq', 'seq'))).toMatchSnapshot();
  });

  it('find the axis that was meant', () => {
    // @ts-expect-error
    expect(build((x) => reduceSum(x, 'hiden'))).toMatchSnapshot();
    expect(build((x) => transpose(x, ['batch', 'seq', 'seq']))).toMatchSnapshot();
    // @ts-expect-error
    expect(build((x) => reduceSum(x, -4))).toMatchSnapshot();
  });

  it('tell axes of one name apart', () => {
    const square = (x: X) => concat([x, x], 'batch', 'batch');
    expect(build((x) => reshape(square(x), ['batch', 'batch', 'seq', 'hidden']))).toMatchSnapshot();
    const twice = (x: X) => reshape(x, ['batch', 'batch', 'seq', 'hidden']);
    expect(build((x) => reduceSum(twice(x), 'batch'))).toMatchSnapshot();
  });

  it('say what a choice of rows does not fit, and that a dim is counted once', () => {
    const kept = (x: X) =>
      less(0, slice(reduceSum(reduceSum(x, 'batch'), 'hidden'), 'seq', { start: 0, size: 'image' }));
    // @ts-expect-error
    expect(build((x) => compress(x, 'seq', kept(x), 'found'))).toMatchSnapshot();
    const rows = (x: X) => less(0, reduceSum(reduceSum(x, 'batch'), 'hidden'));
    const twice = (x: X) => [compress(x, 'seq', rows(x), 'found'), compress(x, 'seq', rows(x), 'found')];
    expect(build(twice)).toMatchSnapshot();
    expect(build((x) => compress(x, 'seq', rows(x), 'image'))).toMatchSnapshot();
  });

  it('refuse fractions beside integers', () => {
    const shift = block('b', { inputs: { x: 'float[... hidden]', ids: 'i32[seq]' } }, ({ ids }) => add(ids, 0.5));
    const program = model('m', {
      dims: { seq: upTo(4), hidden: 2 },
      entries: {
        run: entry({ inputs: { x: 'float[seq hidden]', ids: 'i32[seq]' } }, (inputs) => ({ y: shift(inputs) })),
      },
    });
    expect(messageOf(() => program.build({ dtype: 'f32' }))).toMatchSnapshot();
  });

  it('show where an old version of a state is read', () => {
    const late = block(
      'b',
      { inputs: { x: 'float[batch seq hidden]' }, state: { seen: 'float[batch past hidden]' } },
      (b) => {
        const before = b.seen.value;
        b.seen.append(b.x);
        return reduceSum(before, 'past');
      },
    );
    expect(build((x) => late({ x }))).toMatchSnapshot();
  });

  it('tell what a state holds from a dim of fixed size', () => {
    const fixed = block('fixed', { inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => x);
    const seen = block(
      'b',
      { inputs: { x: 'float[batch seq hidden]' }, state: { seen: 'float[batch past hidden]' } },
      (b) => {
        b.seen.append(b.x);
        // @ts-expect-error
        return fixed({ x: b.seen.value });
      },
    );
    expect(build((x) => seen({ x }))).toMatchSnapshot();
  });

  it('keep tensors of different entries apart', () => {
    let kept: X | undefined;
    const steps = model('m', {
      dims: { batch: 1, seq: upTo(4), hidden: 2 },
      entries: {
        first: entry({ inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => {
          kept = x;
          return { x };
        }),
        second: entry({ inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => ({ sum: add(x, kept ?? x) })),
      },
    });
    expect(messageOf(() => steps.build({ dtype: 'f32' }))).toMatchSnapshot();
  });

  it('name an input that is not there, or should not be', () => {
    const fuse = block(
      'fuse',
      { inputs: { x: 'float[... hidden]', y: when(false, 'float[... hidden]') } },
      ({ x }) => x,
    );
    // @ts-expect-error
    expect(build((x) => fuse({ x, z: x }))).toMatchSnapshot();
    expect(build((x) => fuse({ x, y: x }))).toMatchSnapshot();
    const both = block('both', { inputs: { x: 'float[... hidden]', y: 'float[... hidden]' } }, ({ x }) => x);
    // @ts-expect-error
    expect(build((x) => both({ x }))).toMatchSnapshot();
  });

  it('take signatures apart when they are declared', () => {
    const declare = (signature: string) =>
      // @ts-expect-error
      messageOf(() => block('b', { inputs: { x: signature } }, () => undefined)).split('\n')[0];
    const wrong = ['float', 'flaot[x]', 'float[a, b]', 'float[a  b]', 'float[a ... b]', 'kv[a b c]', 'f32[a]]'];
    expect(wrong.map(declare)).toMatchSnapshot();
  });

  it('want a block with state to name its inputs, and other names for its states', () => {
    const state = { x: 'kv[batch past hidden hidden]' } as const;
    expect(messageOf(() => block('b', { inputs: 'float[hidden]', state }, (x) => x))).toMatchSnapshot();
    expect(messageOf(() => block('b', { inputs: { x: 'float[hidden]' }, state }, () => []))).toMatchSnapshot();
  });

  it('carry scope and place for tools', () => {
    try {
      withBody((x) => reshape(x, ['seq', 'ffn'])).build({ dtype: 'f32' });
    } catch (error) {
      expect(error).toMatchObject({ name: 'ModelError', scope: '', place: { column: 23 } });
      return;
    }
    throw new Error('nothing was thrown');
  });
});
