import type { Contract } from './contract.ts';

/** A client in plain JavaScript: Triton's HTTP protocol, token ids in and out. */
export function clientJs(decoder: Contract, stepChunk: number): string {
  return `// Made by casement build --serve triton from the model's manifest; build again instead of editing it.
// Continues token ids on a Triton server:  node client.mjs http://localhost:8000 1,2,3 16

const CONTRACT = ${JSON.stringify(decoder, null, 2)};
/** The longest run of tokens that the model takes at once. */
const CHUNK = ${stepChunk};

/** One conversation. Triton keeps its caches; the client counts how long they are. */
export class Sequence {
  #lengths = {};
  #started = false;
  #id = 1 + Math.floor(Math.random() * 2 ** 31);

  constructor(url) {
    this.url = url;
  }

  /** Runs an entry on flat arrays with shapes; inputs of other entries become zeros. Gives { name: { data, shape } }. */
  async run(entry, inputs, { end = false } = {}) {
    const call = CONTRACT.calls[entry];
    const lengths = { ...this.#lengths };
    for (const [dim, { continues, by }] of Object.entries(call.lengths)) {
      lengths[dim] = (continues ? (lengths[dim] ?? 0) : 0) + inputs[by.input].shape[by.axis];
    }
    const given = { ...inputs };
    if (call.entry !== undefined) given.entry = { shape: [1], data: [call.entry] };
    for (const { input, kind, dim } of call.given) given[input] = lengthInput(kind, this.#lengths[dim] ?? 0, lengths[dim] ?? 0);
    const tensors = CONTRACT.inputs.map(({ name, datatype, shape }) => ({ name, datatype, ...(given[name] ?? zeros(shape)) }));
    const response = await fetch(\`\${this.url}/v2/models/\${CONTRACT.model}/infer\`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        parameters: { sequence_id: this.#id, sequence_start: !this.#started, sequence_end: end },
        inputs: tensors,
        outputs: call.outputs.map((name) => ({ name })),
      }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    this.#started = true;
    this.#lengths = lengths;
    return Object.fromEntries(answer.outputs.map(({ name, data, shape }) => [name, { data, shape }]));
  }

  /** Forgets what a dim counts, such as the window: the next run writes over it. */
  drop(dim) {
    this.#lengths = { ...this.#lengths, [dim]: 0 };
  }
}

/** Feeds token ids from a position on, and gives the logits after the last. */
export async function read(sequence, ids, position, options) {
  let logits = [];
  for (let from = 0; from < ids.length; from += CHUNK) {
    const part = ids.slice(from, from + CHUNK);
    const axes = CONTRACT.inputs.find(({ name }) => name === 'position_ids').shape;
    const places = part.map((_, i) => position + from + i);
    const inputs = {
      input_ids: { shape: [1, part.length], data: part },
      position_ids: {
        shape: [...axes.slice(0, -1), part.length],
        data: axes.length === 3 ? Array.from({ length: axes[0] }, () => places).flat() : places,
      },
      logits_to_keep: { shape: [1], data: [part.length - 1] },
    };
    const known = Object.fromEntries(CONTRACT.calls.step.inputs.map((name) => [name, inputs[name]]));
    const last = from + CHUNK >= ids.length;
    const { data, shape } = (await sequence.run('step', known, last ? options : {})).logits;
    logits = data.slice(data.length - shape.at(-1));
  }
  return logits;
}

/** The likeliest continuation of token ids. */
export async function complete(url, ids, count) {
  const sequence = new Sequence(url);
  const answer = [];
  let logits = await read(sequence, ids, 0);
  while (answer.length < count) {
    const token = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
    answer.push(token);
    logits = await read(sequence, [token], ids.length + answer.length - 1, { end: answer.length === count });
  }
  return answer;
}

/** An input that tells how long a cache was and is. */
function lengthInput(kind, before, after) {
  if (kind === 'lastKey') return { shape: [1], data: [after - 1] };
  if (kind === 'total') return { shape: [1], data: [after] };
  const data = Array.from({ length: after - before }, (_, i) => before + i);
  return { shape: [1, data.length, 1], data };
}

function zeros(shape) {
  const sizes = shape.map((size) => (size < 0 ? 1 : size));
  return { shape: sizes, data: new Array(sizes.reduce((a, b) => a * b, 1)).fill(0) };
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split('/').pop())) {
  const [url = 'http://localhost:8000', ids = '1', count = '16'] = process.argv.slice(2);
  console.log((await complete(url, ids.split(',').map(Number), Number(count))).join(' '));
}
`;
}
