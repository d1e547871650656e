import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type ParsedConfig, parseModelConfig } from './modelConfigProto.ts';

interface Loaded {
  readonly config: ParsedConfig;
  readonly session: InferenceSession;
  readonly sequences: Map<number, Map<string, Tensor>>;
}

interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[];
}

interface InferRequest {
  readonly parameters?: { sequence_id?: number; sequence_start?: boolean; sequence_end?: boolean };
  readonly inputs: JsonTensor[];
}

const TYPES = { FP32: 'float32', INT32: 'int32', INT64: 'int64', BOOL: 'bool' } as const;

/**
 * Serves a Triton model repository with ONNX Runtime on the CPU: the inference protocol over HTTP, inputs checked
 * against `config.pbtxt`, and implicit state, from its zeros on. What it does not do is Triton's own: batching, devices.
 */
export async function fakeTriton(repository: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const models = new Map<string, Loaded>();
  for (const name of await readdir(repository)) {
    const config = parseModelConfig(await readFile(join(repository, name, 'config.pbtxt'), 'utf8'));
    const session = await InferenceSession.create(join(repository, name, '1/model.onnx'), { logSeverityLevel: 4 });
    models.set(name, { config, session, sequences: new Map() });
  }
  const server: Server = createServer(async (request, response) => {
    const [, name = ''] = /^\/v2\/models\/([^/]+)\/infer$/.exec(request.url ?? '') ?? [];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [status, body] = await infer(models.get(name), JSON.parse(String(Buffer.concat(chunks)))).then(
      (outputs) => [200, { model_name: name, outputs }] as const,
      (error: Error) => [400, { error: error.message }] as const,
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      for (const { session } of models.values()) await session.release();
    },
  };
}

async function infer(model: Loaded | undefined, { inputs, parameters = {} }: InferRequest): Promise<JsonTensor[]> {
  if (!model) throw new Error('no such model');
  const { config, session, sequences } = model;
  const feeds: Record<string, Tensor> = {};
  for (const { name, data_type, dims } of config.input) {
    const given = inputs.find((input) => input.name === name);
    if (!given || `TYPE_${given.datatype}` !== data_type) throw new Error(`input ${name} must be a ${data_type}`);
    const wanted = config.max_batch_size > 0 ? [-1, ...dims] : dims;
    const fits = given.shape.length === wanted.length && wanted.every((size, i) => size < 0 || size === given.shape[i]);
    if (!fits) throw new Error(`input ${name} is [${given.shape}], the configuration says [${wanted}]`);
    if ((given.shape[0] ?? 0) > config.max_batch_size && config.max_batch_size > 0)
      throw new Error('too many for a batch');
    feeds[name] = tensor(given.datatype, given.data, given.shape);
  }
  if (inputs.length !== config.input.length) throw new Error('there are inputs that the configuration does not have');
  const state = config.sequence_batching?.state ?? [];
  const id = parameters.sequence_id ?? 0;
  if (state.length > 0 && id === 0) throw new Error('a request of a sequence needs its id');
  if (parameters.sequence_start) sequences.set(id, new Map());
  const states = sequences.get(id) ?? new Map<string, Tensor>();
  if (state.length > 0 && !sequences.has(id)) throw new Error(`sequence ${id} has not started`);
  for (const { input_name, data_type, initial_state } of state) {
    const shape = initial_state[0]?.dims ?? [];
    const zeros = () =>
      tensor(data_type.replace('TYPE_', ''), new Array(shape.reduce((a, b) => a * b, 1)).fill(0), shape);
    feeds[input_name] = states.get(input_name) ?? zeros();
  }
  const results = await session.run(feeds);
  for (const { input_name, output_name } of state) {
    const present = results[output_name];
    if (present) states.set(input_name, present);
  }
  if (parameters.sequence_end) sequences.delete(id);
  return config.output.map(({ name, data_type }) => {
    const result = results[name];
    const data = Array.from(result?.data as Float32Array, Number); // outputs that clients see are numbers
    return { name, datatype: data_type.replace('TYPE_', ''), shape: [...(result?.dims ?? [])], data };
  });
}

function tensor(datatype: string, data: readonly number[], shape: readonly number[]): Tensor {
  const type = TYPES[datatype as keyof typeof TYPES]; // a name that is not there gives undefined
  if (type === 'int64') return new Tensor(type, BigInt64Array.from(data, BigInt), shape);
  if (type === 'int32') return new Tensor(type, Int32Array.from(data), shape);
  if (type === 'bool') return new Tensor(type, Uint8Array.from(data), shape);
  if (type === 'float32') return new Tensor(type, Float32Array.from(data), shape);
  throw new Error(`this server has no ${datatype}`);
}
