import { z } from 'zod';

const text = z.strictObject({ type: z.literal('text'), text: z.string() });
// `detail` is a hint; the model's own bound on pixels decides.
const image = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() }),
});

const instruction = z.strictObject({
  role: z.enum(['system', 'developer']),
  content: z.union([z.string(), z.array(text).min(1)]),
  name: z.string().optional(),
});
const question = z.strictObject({
  role: z.literal('user'),
  content: z.union([z.string(), z.array(z.discriminatedUnion('type', [text, image])).min(1)]),
  name: z.string().optional(),
});
// Clients send answers back as they got them, with fields that say what was not in them; null stands for none.
const answer = z.strictObject({
  role: z.literal('assistant'),
  content: z.union([z.string(), z.array(text).min(1)]),
  name: z.string().optional(),
  annotations: z.tuple([]).optional(),
  tool_calls: z.tuple([]).optional(),
});

const message = z.discriminatedUnion('role', [instruction, question, answer]);
const count = z.int().min(1);

/**
 * The fields of OpenAI's chat completions that are understood, beside `top_k` and `repetition_penalty`, which vLLM has.
 * Fields of OpenAI's that are not supported are there with the one value that changes nothing.
 */
export const chatRequestSchema = z.strictObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().optional(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.literal(false).optional() })
    .optional(),
  max_tokens: count.optional(),
  max_completion_tokens: count.optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().gt(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  repetition_penalty: z.number().gt(0).max(10).optional(),
  seed: z.int().optional(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  // OpenAI's bound on the number of tokens, each of which is looked at for every token of the answer.
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))
    .refine((biases) => Object.keys(biases).length <= 1024, 'at most 1024 tokens')
    .optional(),
  // Say who asks and what for; they change nothing here.
  user: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  safety_identifier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  // Not supported.
  n: z.literal(1).optional(),
  logprobs: z.literal(false).optional(),
  top_logprobs: z.literal(0).optional(),
  response_format: z.strictObject({ type: z.literal('text') }).optional(),
  tools: z.tuple([]).optional(),
  tool_choice: z.literal('none').optional(),
  parallel_tool_calls: z.boolean().optional(),
  functions: z.tuple([]).optional(),
  function_call: z.literal('none').optional(),
  modalities: z.tuple([z.literal('text')]).optional(),
  audio: z.never().optional(),
  prediction: z.never().optional(),
  web_search_options: z.never().optional(),
  reasoning_effort: z.literal('none').optional(),
  verbosity: z.literal('medium').optional(),
  service_tier: z.enum(['auto', 'default']).optional(),
  store: z.literal(false).optional(),
});

export type ChatRequest = z.infer<typeof chatRequestSchema>;
export type RequestMessage = ChatRequest['messages'][number];
