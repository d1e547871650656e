import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildTinyChat, PICTURE } from '../../../../test/support/tinyChat.ts';
import { type OpenModel, openModel } from '../model/openModel.ts';
import type { RequestRecord } from './observe/requestRecord.ts';
import { type ServeOptions, type Server, serve } from './serve.ts';

const KEY = 'sk-test';

let dir: string;
let artifact: string;
let server: Server;
let client: OpenAI;
let alone: OpenModel;
let picture: string;
let records: RequestRecord[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-serve-'));
  artifact = await buildTinyChat(dir, 'casa');
  server = await start({ apiKey: KEY, allowImagesFrom: ['localhost', '127.0.0.1', '[::1]', '169.254.169.254'] });
  client = clientOf(server);
  alone = await openModel(artifact);
  picture = `data:image/png;base64,${await readFile(PICTURE, 'base64')}`;
});

afterAll(async () => {
  await server?.close();
  await alone?.dispose();
  await rm(dir, { recursive: true, force: true });
});

function start(options: Partial<ServeOptions> = {}): Promise<Server> {
  const log = (line: object) => records.push(line as RequestRecord); // these tests make no others
  return serve({ artifact, port: 0, name: 'tiny', log, ...options });
}

function clientOf({ url }: Server, apiKey = KEY): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

const say = (content: string): OpenAI.ChatCompletionUserMessageParam => ({ role: 'user', content });

function show(url: string): OpenAI.ChatCompletionUserMessageParam {
  const text = 'What is this?';
  return {
    role: 'user',
    content: [
      { type: 'image_url', image_url: { url } },
      { type: 'text', text },
    ],
  };
}

const short = (content: string) => ({ model: 'tiny', messages: [say(content)], max_tokens: 4, seed: 1 });

/** The words that the model says when it is alone. */
async function sayAlone(messages: Parameters<OpenModel['ask']>[0], settings: object) {
  await alone.reset();
  let [text, tokens] = ['', 0];
  for await (const generated of alone.ask(messages, { settings, onPrompt: (p) => (tokens = p.text + p.images) })) {
    text += generated.text;
  }
  return { text, tokens };
}

async function post(body: BodyInit, headers: Record<string, string> = {}) {
  const sent = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers };
  const init = { method: 'POST', body, headers: sent, duplex: 'half' }; // browsers' types do not know duplex
  const response = await fetch(`${server.url}/v1/chat/completions`, init);
  return { status: response.status, ...((await response.json()) as { error: OpenAI.ErrorObject }) };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      ?.split(' ')[1],
  );
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('answers the official client', () => {
  test('with the tokens that the model gives alone, whole and in pieces', async () => {
    const system = { role: 'system' as const, content: 'Be brief.' };
    const body = { model: 'tiny', messages: [system, show(picture)], max_tokens: 12, temperature: 0.8, seed: 7 };
    const content = [{ type: 'image', image: PICTURE } as const, { type: 'text', text: 'What is this?' } as const];
    const said = [system, { role: 'user', content }];
    const wanted = await sayAlone(said, { maxTokens: 12, temperature: 0.8, seed: 7 });
    const usage = { prompt_tokens: wanted.tokens, completion_tokens: 12, total_tokens: wanted.tokens + 12 };

    const whole = await client.chat.completions.create(body);
    expect(whole).toMatchObject({ object: 'chat.completion', model: 'tiny', usage });
    expect(whole.choices).toMatchObject([{ message: { content: wanted.text }, finish_reason: 'length' }]);

    const chunks: OpenAI.ChatCompletionChunk[] = [];
    const stream_options = { include_usage: true };
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true, stream_options })) {
      chunks.push(chunk);
    }
    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe(wanted.text);
    expect(choices.at(0)?.delta.role).toBe('assistant');
    expect(choices.flatMap(({ finish_reason }) => finish_reason ?? [])).toEqual(['length']);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
  });

  test('several at a time, each as if it were alone', async () => {
    const texts = ['Hello?', 'What is a window?', 'Why?', 'Count to ten.', 'And then?'];
    const answers = await Promise.all(texts.map((text) => client.chat.completions.create(short(text))));
    for (const [i, text] of texts.entries()) {
      const wanted = await sayAlone([{ role: 'user', content: text }], { maxTokens: 4, seed: 1 });
      expect(answers[i]?.choices[0]?.message.content).toBe(wanted.text);
    }
  });

  test('and stops at stop strings, at forced stop tokens, and says what it was told to say', async () => {
    const { text } = await sayAlone([{ role: 'user', content: 'Hello?' }], { maxTokens: 12 });
    const stop = text.slice(3, 6);
    const cut = await client.chat.completions.create({ ...short('Hello?'), max_tokens: 12, stop });
    expect(cut.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: text.slice(0, text.indexOf(stop)) },
    });
    const [end] = alone.generation.settings.stopTokens ?? [];
    const none = await client.chat.completions.create({ ...short('Hello?'), logit_bias: { [String(end)]: 100 } });
    expect(none.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } });
    expect(none.usage?.completion_tokens).toBe(1);
  });

  test('with penalties, and hardly any temperature', async () => {
    const settings = { maxTokens: 12, presencePenalty: -2, frequencyPenalty: 1.5 };
    const { text } = await sayAlone([{ role: 'user', content: 'Hello?' }], settings);
    const penalties = { presence_penalty: -2, frequency_penalty: 1.5, temperature: 1e-30 };
    const { choices } = await client.chat.completions.create({ ...short('Hello?'), max_tokens: 12, ...penalties });
    expect(choices[0]?.message.content).toBe(text);
  });

  test('who goes on with a conversation, without reading it again', async () => {
    const [the] = alone.tokenizer?.encode(' the') ?? [];
    const body = { model: 'tiny', max_tokens: 3, logit_bias: { [String(the)]: 100 } };
    const asked = [show(picture)];
    const first = await client.chat.completions.create({ ...body, messages: asked });
    expect(first.choices[0]?.message.content).toBe(' the the the');
    const messages = [...asked, { ...first.choices[0]?.message, tool_calls: null, audio: null }, say('And then?')];
    const next = { model: 'tiny', max_tokens: 6, messages: messages as OpenAI.ChatCompletionMessageParam[] }; // as clients send it
    const cached = (completion: OpenAI.ChatCompletion) => completion.usage?.prompt_tokens_details?.cached_tokens;
    const apart = await client.chat.completions.create({ ...next, prompt_cache_key: 'b' });
    expect([cached(first), cached(apart)]).toEqual([0, 0]);
    const resumed = await client.chat.completions.create(next);
    expect(cached(resumed)).toBe((first.usage?.prompt_tokens ?? 0) + 3);
    expect(resumed.choices).toEqual(apart.choices);
  });

  test('about its models', async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['tiny']);
    expect(await client.models.retrieve('tiny')).toMatchObject({ object: 'model' });
    await expect(client.models.retrieve('gpt')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });
});

describe('refuses', () => {
  const image = (url: string) => ({ messages: [show(url)] });
  const messages = (message: object) => ({ messages: [message] });

  test.each([
    [{ model: 'gpt-5' }, 404, 'model', 'model_not_found'],
    [{ model: 5 }, 400, 'model', 'invalid_type'],
    [{ messages: 'hi' }, 400, 'messages', 'invalid_type'],
    [{ messages: [] }, 400, 'messages', 'invalid_value'],
    [{ messages: undefined }, 400, 'messages', 'missing_required_parameter'],
    [messages({ role: 'user' }), 400, 'messages[0].content', 'missing_required_parameter'],
    [messages({ role: 'wizard', content: 'x' }), 400, 'messages[0].role', 'invalid_value'],
    [
      messages({ role: 'user', content: [{ type: 'input_audio' }] }),
      400,
      'messages[0].content[0].type',
      'invalid_value',
    ],
    [
      messages({ role: 'user', content: [{ type: 'text', text: 3 }] }),
      400,
      'messages[0].content[0].text',
      'invalid_type',
    ],
    [{ temperature: 'hot' }, 400, 'temperature', 'invalid_type'],
    [{ temperature: -1 }, 400, 'temperature', 'invalid_value'],
    [{ max_tokens: 1e9 }, 400, 'max_tokens', 'invalid_value'],
    [{ n: 2 }, 400, 'n', 'invalid_value'],
    [{ tools: [{ type: 'function' }] }, 400, 'tools', 'invalid_value'],
    [{ presence_penalty: 2.1 }, 400, 'presence_penalty', 'invalid_value'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'stop', 'invalid_value'],
    [{ stream_options: {} }, 400, 'stream_options', 'invalid_value'],
    [
      messages({ role: 'assistant', content: null, tool_calls: [{}] }),
      400,
      'messages[0].content',
      'missing_required_parameter',
    ],
    [messages({ role: 'tool', content: 'x' }), 400, 'messages[0].role', 'invalid_value'],
    [{ response_format: { type: 'json_object' } }, 400, 'response_format.type', 'invalid_value'],
    [{ logit_bias: { yes: 1 } }, 400, 'logit_bias.yes', 'invalid_value'],
    [{ logit_bias: { 99999999: 1 } }, 400, 'logit_bias.99999999', 'invalid_value'],
    [{ frobnicate: true }, 400, 'frobnicate', 'unknown_parameter'],
    [image('data:image/png;base64,bm8gcGljdHVyZQ=='), 400, 'messages', 'invalid_image'],
    [image('data:text/html,hi'), 400, 'messages[0].content[0].image_url.url', 'invalid_image_url'],
  ])('%j', async (fields, status, param, code) => {
    const { error, ...answer } = await post(JSON.stringify({ ...short('Hi'), ...fields }));
    expect({ ...answer, param: error.param, code: error.code }).toEqual({ status, param, code });
  });

  test.each([
    'http://localhost/x.png',
    'https://localhost/x.png',
    'https://127.0.0.1/x.png',
    'https://2130706433/x.png',
    'https://[::1]/x.png',
    'https://169.254.169.254/latest/meta-data',
    'https://user:pass@localhost/x.png',
    'https://example.com/x.png',
    'file:///etc/passwd',
    '/etc/passwd',
    'data:image/png;base64,../../etc/passwd',
  ])('the picture %s', async (url) => {
    const { error, status } = await post(JSON.stringify({ ...short('Hi'), ...image(url) }));
    expect([status, error.code]).toEqual([400, 'invalid_image_url']);
  });

  test('a conversation that is longer than the caches', async () => {
    for (const [times, size] of [
      [2000, 'tokens of text'],
      [500_000, '7000000 characters'], // which nobody makes tokens of
    ] as const) {
      const { error, status } = await post(JSON.stringify(short('What is this? '.repeat(times))));
      expect([status, error.param, error.code]).toEqual([400, 'messages', 'context_length_exceeded']);
      expect(error.message).toMatch(size);
    }
  });

  test('a small file that says it is a huge picture', async () => {
    const header = Buffer.from('89504e470d0a1a0a0000000d4948445200004e2000004e200802000000', 'hex');
    const { error, status } = await post(
      JSON.stringify({ ...short('Hi'), ...image(`data:image/png;base64,${header.toString('base64')}`) }),
    );
    expect([status, error.code]).toEqual([400, 'image_too_large']);
    expect(error.message).toMatch('20000×20000 pixels');
  });

  test('what is no JSON, or does not say that it is', async () => {
    expect(await post('{"model": ')).toMatchObject({ status: 400, error: { code: 'invalid_json' } });
    expect(await post('[1]')).toMatchObject({ status: 400, error: { code: 'invalid_type' } });
    const text = await post(JSON.stringify(short('Hi')), { 'content-type': 'text/plain' });
    expect(text).toMatchObject({ status: 415, error: { code: 'invalid_content_type' } });
  });

  test('a body of 100 MB, announced or not', async () => {
    const piece = Buffer.alloc(2 ** 20, ' ');
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => (sent++ < 100 ? controller.enqueue(piece) : controller.close()),
    });
    // A server may close the connection of a client that goes on sending; then there is no answer to read.
    const refused = { status: 413, error: { code: 'body_too_large' } };
    const gone = { cause: { code: expect.stringMatching(/EPIPE|ECONNRESET|UND_ERR_SOCKET/) } };
    for (const body of [Buffer.concat(Array.from({ length: 100 }, () => piece)), endless]) {
      const result = await post(body).catch((error: unknown) => error);
      if (result instanceof Error) expect(result).toMatchObject(gone);
      else expect(result).toMatchObject(refused);
    }
    expect(sent).toBeLessThan(100);
    expect(records.filter(({ error }) => error === 'body_too_large')).toHaveLength(2);
  });

  test.each([
    '/../../etc/passwd',
    '/v1/..%2f..%2fetc/passwd',
    '/v1/models/..',
    '/%00',
    '/%E0%A4%A',
    '//v1/models',
    '/v1/chat/completions/',
    '*',
  ])('the path %s', async (path) => {
    const { hostname, port } = new URL(server.url);
    const head = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\nconnection: close\r\n\r\n`);
      });
      socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
      socket.once('error', reject);
    });
    expect(head).toMatch(/^HTTP\/1.1 4\d\d /);
  });

  test('who has no key, but not those who ask whether it lives', async () => {
    for (const wrong of ['sk-tes', 'sk-test2', '']) {
      const refused = clientOf(server, wrong || 'x').models.list();
      await expect(refused).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    }
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(401);
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(server.url + path)).status).toBe(200);
  });

  test('and goes on afterwards', async () => {
    const { choices } = await client.chat.completions.create(short('Hello?'));
    expect(choices[0]?.message.content).not.toBe('');
  });
});

test('a client that leaves frees its session', async () => {
  const stream = await client.chat.completions.create({ ...short('Tell me all.'), max_tokens: 2000, stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  const waiting = client.chat.completions.create(
    { ...short('Tell me.'), max_tokens: 2000 },
    { signal: AbortSignal.timeout(100) },
  );
  await expect(waiting).rejects.toThrow();
  await until(async () => (await metric('casement_sessions_busy')) === 0);
  await until(() => records.filter(({ disconnected }) => disconnected).length >= 2);
  const left = records.filter(({ disconnected }) => disconnected);
  for (const { status, completionTokens } of left) {
    expect(status).toBe(499);
    expect(completionTokens ?? 0).toBeLessThan(1500);
  }
});

test('counts what it does, and logs nothing that was said', async () => {
  const before = await metric('casement_tokens_total{kind="completion"}');
  records = [];
  await client.chat.completions.create(short('The secret word is rhubarb.'));
  await until(() => records.length > 0);
  expect((await metric('casement_tokens_total{kind="completion"}')) - before).toBe(4);
  const [record] = records;
  expect(record).toMatchObject({ route: '/v1/chat/completions', status: 200, completionTokens: 4, finish: 'length' });
  expect(JSON.stringify(record)).not.toMatch(/rhubarb|secret/);
});

describe('a server with little room', () => {
  test('has some wait, and turns others away until there is room', async () => {
    const small = await start({ limits: { sessions: 1, queue: 1 } });
    const one = clientOf(small);
    const long = { ...short('Hi'), max_tokens: 60 };
    const asked = [one, one, one, one].map((c) =>
      c.chat.completions.create(long).then(
        ({ choices }) => choices[0]?.message.content,
        (error: InstanceType<typeof OpenAI.APIError>) => error,
      ),
    );
    const answers = await Promise.all(asked);
    const texts = answers.filter((answer) => typeof answer === 'string');
    const errors = answers.filter((answer) => answer instanceof OpenAI.RateLimitError);
    expect([texts.length, errors.length, new Set(texts).size]).toEqual([2, 2, 1]);
    for (const { headers, code } of errors) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(code).toBe('queue_full');
    }
    expect(await one.chat.completions.create(short('Hi'))).toMatchObject({ object: 'chat.completion' });
    await Promise.all([small.close(), small.close()]);
  });

  test('ends what takes too long', async () => {
    const hasty = await start({ limits: { requestSeconds: 0.3 } });
    const c = clientOf(hasty);
    const long = { ...short('Hi'), max_tokens: 4000 };
    await expect(c.chat.completions.create(long)).rejects.toMatchObject({ status: 504, code: 'timeout' });
    const stream = await c.chat.completions.create({ ...long, stream: true });
    const read = async () => {
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
    };
    await expect(read()).rejects.toMatchObject({ code: 'timeout' });
    await until(() => records.at(-1)?.error === 'timeout' && records.at(-1)?.status === 200);
    await hasty.close();
  });
});

test.each([
  [{ apiKey: '' }, 'the API key is empty'],
  [{ allowImagesFrom: ['https://x.example/'] }, 'is no host to allow images from'],
  [{ limits: { sessions: 0 } }, 'the limit sessions is 0; give a whole number above 0'],
  [
    { target: 'webgpu' as const, limits: { sessions: 4 } },
    'with WebGPU there is one session at a time, 4 were asked for',
  ],
  [{ limits: { images: 1.5 } }, 'the limit images is 1.5; give a whole number from 0'],
  [{ limits: { drainSeconds: -1 } }, 'the limit drainSeconds is -1; give a number from 0 to 2000000'],
  [{ limits: { requestSeconds: 3e6 } }, 'the limit requestSeconds is 3000000; give a number above 0 to 2000000'],
  [{ limits: { maxTokens: Number.NaN } }, 'the limit maxTokens is NaN'],
])('does not start with %o', async (options, problem) => {
  await expect(start(options)).rejects.toThrow(problem);
});

test('shuts down when its answers are done, or late', async () => {
  const patient = await start();
  const c = clientOf(patient);
  const stream = await c.chat.completions.create({ ...short('Hi'), max_tokens: 50, stream: true });
  const closing = patient.close();
  let finish: string | null | undefined;
  for await (const chunk of stream) finish = chunk.choices[0]?.finish_reason ?? finish;
  expect(finish).toBe('length');
  await closing;
  await expect(c.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);

  const hasty = await start({ limits: { drainSeconds: 0.1 } });
  const endless = await clientOf(hasty).chat.completions.create({ ...short('Hi'), max_tokens: 4000, stream: true });
  let closed: Promise<void> | undefined;
  const read = async () => {
    for await (const { object } of endless) closed ??= object ? hasty.close() : undefined;
  };
  await expect(read()).rejects.toMatchObject({ code: 'shutting_down' });
  await closed;
});
