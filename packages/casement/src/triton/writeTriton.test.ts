import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Executor, type HostTensor, patchPositions, Session } from '@casement/session';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildTinyChat } from '../../../../test/support/tinyChat.ts';
import { fakeTriton } from '../../test/fakeTriton.ts';
import { type ParsedConfig, parseModelConfig } from '../../test/modelConfigProto.ts';
import { readManifest } from '../artifact/manifest.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { decodeModel, tensorOf } from './onnxModel.ts';
import { writeTriton } from './writeTriton.ts';

const IDS = [11, 42, 7, 300, 5, 17, 90];

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-triton-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe.each(['casa', 'insertion'] as const)('the repository of a model with %s', (fusion) => {
  let artifact: string;
  let out: string;
  let executor: Executor;
  const configs = new Map<string, ParsedConfig>();

  beforeAll(async () => {
    artifact = await buildTinyChat(dir, fusion, 256);
    out = `${artifact}-triton`;
    for (const name of await writeTriton({ artifact, out, sequences: 3 })) {
      configs.set(name, parseModelConfig(await readFile(join(out, 'models', name, 'config.pbtxt'), 'utf8')));
    }
    executor = await openExecutor(artifact, 'onnx');
  });

  afterAll(() => executor?.dispose());

  it('describes its models as they are, by the rules of Triton', async () => {
    expect(await readdir(join(out, 'models'))).toEqual([...configs.keys()].sort());
    for (const [name, config] of configs) {
      const { graph } = decodeModel(await readFile(join(out, 'models', name, '1/model.onnx')));
      const types = { 1: 'TYPE_FP32', 6: 'TYPE_INT32', 7: 'TYPE_INT64' } as Record<number, string>; // others are undefined
      const states = config.sequence_batching?.state ?? [];
      // What has no state takes several images at a time.
      const batch = states.length > 0 ? 0 : 8;
      const described = (infos: typeof graph extends null | undefined ? never : NonNullable<typeof graph>['input']) =>
        (infos ?? []).map(tensorOf).map(({ name, elementType, shape }) => {
          return {
            name,
            data_type: types[elementType],
            dims: shape.slice(batch > 0 ? 1 : 0).map((size) => (typeof size === 'number' ? size : -1)),
          };
        });
      const pasts = states.map(({ input_name, data_type, dims }) => ({ name: input_name, data_type, dims }));
      const presents = states.map(({ output_name, data_type, dims }) => ({ name: output_name, data_type, dims }));
      const byName = <T extends { name: string }>(all: readonly T[]) =>
        [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName([...config.input, ...pasts])).toEqual(byName(described(graph?.input)));
      expect(byName([...config.output, ...presents])).toEqual(byName(described(graph?.output)));
      expect(config).toMatchObject({ name, backend: 'onnxruntime', max_batch_size: batch });
      expect(config.instance_group).toMatchObject([{ kind: 'KIND_GPU', count: 1 }]);
      for (const { dims, data_type, initial_state } of states) {
        expect(dims.every((size) => size > 0)).toBe(true);
        expect(initial_state).toMatchObject([{ dims, data_type, zero_data: true }]);
      }
      // Either sequences with states, or single requests, for which every input has a sample.
      if (states.length > 0) expect(config.sequence_batching?.oldest?.max_candidate_sequences).toBe(3);
      else
        expect(Object.keys(config.model_warmup[0]?.inputs ?? {}).sort()).toEqual(
          config.input.map((i) => i.name).sort(),
        );
      expect(states.length > 0).toBe(config.dynamic_batching === undefined);
    }
  });

  it('keeps all states of a sequence in one model, and the weights once for it', async () => {
    const { states, targets } = await readManifest(artifact);
    const decoder = [...configs.values()].filter((config) => config.sequence_batching);
    expect(decoder.map((config) => config.sequence_batching?.state.length)).toEqual([states.length]);
    const [{ name }] = decoder as [ParsedConfig];
    const { graph } = decodeModel(await readFile(join(out, 'models', name, '1/model.onnx')));
    const places = (graph?.initializer ?? []).flatMap(({ externalData }) => {
      const [place] = [(externalData ?? []).map(({ value }) => value).join()];
      return place ? [place] : [];
    });
    expect(new Set(places).size).toBe(places.length);
    const weights = (folder: string) => stat(join(folder, 'model.safetensors'));
    const [shared, own] = [await weights(join(out, 'models', name, '1')), await weights(artifact)];
    expect(shared.ino).toBe(own.ino);
    expect(Object.keys(targets.onnx?.entries ?? {}).length).toBeGreaterThan(configs.size);
  });

  it('answers its example client as the artifact does, text and image', async () => {
    const triton = await fakeTriton(join(out, 'models'));
    // The client is written by what is tested, so its types are not known before.
    const client = (await import(/* @vite-ignore */ pathToFileURL(join(out, 'client.mjs')).href)) as Client;
    const session = new Session(executor);
    await session.reset();
    await session.read(IDS);
    const wanted: number[] = [];
    while (wanted.length < 4) {
      wanted.push(likeliest(session.nextLogits()));
      await session.read(wanted.slice(-1));
    }
    expect(await client.complete(triton.url, IDS, 4)).toEqual(wanted);

    // An image after some text: what it changes must be what it changes in the artifact.
    const image: HostTensor = {
      dtype: 'f32',
      shape: [6, 64],
      data: Float32Array.from({ length: 6 * 64 }, (_, i) => Math.sin(i)),
    };
    await session.reset();
    await session.read(IDS);
    const [entry = '', inputs = {}] = fusion === 'casa' ? ['openWindow', window()] : ['insertImage', inserted()];
    await session.showImage({ embeds: image, grid: { rows: 2, columns: 3 } });
    const next = session.position;
    await session.read(IDS.slice(0, 3));
    const sequence = new client.Sequence(triton.url);
    await client.read(sequence, IDS, 0);
    await sequence.run(entry, { image_embeds: { shape: [1, 6, 64], data: [...image.data] }, ...inputs });
    const logits = await client.read(sequence, IDS.slice(0, 3), next, { end: true });
    const distance = Math.max(...session.nextLogits().map((value, i) => Math.abs(value - (logits[i] ?? Number.NaN))));
    expect(distance).toBeLessThan(1e-4);
    await expect(client.read(sequence, IDS, 0)).rejects.toThrow('has not started');
    await triton.close();

    function window() {
      return { image_position_ids: { shape: [3, 1, 6], data: positionsOf(7) } };
    }
    function inserted() {
      return { position_ids: { shape: [3, 1, 6], data: positionsOf(7) } };
    }
  });

  it('encodes images of one size together, as one by one', async () => {
    const [columns, rows, values] = [4, 2, 1176];
    const patches = rows * columns;
    const images = [0, 1, 2].map((seed) => {
      // The last is as high as the others are wide.
      const { data } = patchPositions(seed < 2 ? { rows, columns } : { rows: columns, columns: rows }, 2);
      return { pixels: Array.from({ length: patches * values }, (_, i) => Math.sin(i + seed)), positions: [...data] };
    });
    const triton = await fakeTriton(join(out, 'models'));
    const [name] = [...configs.keys()].filter((model) => model.endsWith('_encodeImage'));
    const [count, all] = [images.length, (of: 'pixels' | 'positions') => images.flatMap((image) => image[of])];
    const inputs = [
      { name: 'pixel_values', datatype: 'FP32', shape: [count, patches, values], data: all('pixels') },
      { name: 'patch_position_ids', datatype: 'INT64', shape: [count, 2, patches], data: all('positions') },
    ];
    const response = await fetch(`${triton.url}/v2/models/${name}/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs }),
    });
    const { outputs } = (await response.json()) as { outputs: [{ shape: number[]; data: number[] }] };
    await triton.close();
    const [{ shape, data }] = outputs;
    expect(shape).toEqual([count, patches / 4, 64]);
    for (const [i, { pixels, positions }] of images.entries()) {
      const { image_embeds: alone } = await executor.run('encodeImage', {
        pixel_values: { dtype: 'f32', shape: [patches, values], data: Float32Array.from(pixels) },
        patch_position_ids: { dtype: 'i32', shape: [2, 1, patches], data: Int32Array.from(positions) },
      });
      const own = data.slice(i * (alone?.data.length ?? 0));
      expect(Math.max(...Array.from(alone?.data ?? [], (x, at) => Math.abs(x - (own[at] ?? Number.NaN))))).toBeLessThan(
        1e-5,
      );
    }
  });

  it('has a Kubernetes manifest that asks for a GPU, with probes', async () => {
    const service: Service = parse(await readFile(join(out, 'inference-service.yaml'), 'utf8'));
    const { metadata, spec } = service;
    expect(service).toMatchObject({ apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService' });
    expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    const { model } = spec.predictor;
    expect(model).toMatchObject({ modelFormat: { name: 'triton' }, protocolVersion: 'v2' });
    expect(model.resources.limits['nvidia.com/gpu']).toBe('1');
    expect(model.readinessProbe.httpGet.path).toBe('/v2/health/ready');
    expect(model.livenessProbe.httpGet.path).toBe('/v2/health/live');
  });
});

it('says of a model whose caches grow that Triton cannot keep them', async () => {
  const artifact = await buildTinyChat(dir, 'ca', 256);
  await expect(writeTriton({ artifact, out: `${artifact}-triton` })).rejects.toThrow(
    /^Triton cannot keep the state ".*window.*": it grows from run to run/,
  );
});

interface Client {
  complete(url: string, ids: readonly number[], count: number): Promise<number[]>;
  read(sequence: Sequence, ids: readonly number[], position: number, options?: object): Promise<number[]>;
  readonly Sequence: new (url: string) => Sequence;
}

interface Sequence {
  run(entry: string, inputs: object): Promise<object>;
}

interface Service {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly predictor: {
      readonly model: {
        readonly resources: { readonly limits: Readonly<Record<string, string>> };
        readonly readinessProbe: { readonly httpGet: { readonly path: string } };
        readonly livenessProbe: { readonly httpGet: { readonly path: string } };
      };
    };
  };
}

/** Time, row and column of 2×3 image tokens that begin at a position, axis by axis. */
function positionsOf(start: number): number[] {
  const tokens = [0, 1, 2, 3, 4, 5];
  return [
    ...tokens.map(() => start),
    ...tokens.map((i) => start + Math.floor(i / 3)),
    ...tokens.map((i) => start + (i % 3)),
  ];
}

function likeliest(logits: Float32Array): number {
  return logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
}
