import { randomUUID } from 'node:crypto';
import type { Finish, Generated } from '@casement/session';
import { ApiError } from '../apiError.ts';
import type { Limits } from '../limits.ts';
import type { RequestRecord } from '../observe/requestRecord.ts';
import type { ServedModel } from '../servedModel.ts';
import type { Visit } from '../slots.ts';
import { answer } from './answer.ts';
import { type CompletionHead, chunk, completion, type PromptUsage, usageChunk, usageOf } from './completion.ts';
import { type ReadUrl, readMessages } from './readMessages.ts';
import type { ChatRequest } from './requestSchema.ts';
import { settingsOf } from './settings.ts';

export interface ChatContext {
  readonly model: ServedModel;
  readonly limits: Limits;
  readonly readUrl: ReadUrl;
}

/** What belongs to one request. */
export interface RequestState {
  readonly visit: Visit;
  readonly signal: AbortSignal;
  readonly record: RequestRecord;
}

/** One answer on its way. */
export interface Running {
  readonly head: CompletionHead;
  readonly tokens: AsyncGenerator<Generated>;
  /** Known when the first token comes. */
  prompt: PromptUsage;
}

/** Begins to answer; nothing happens before the first token is asked for. Throws ApiError for a field that is wrong. */
export function startAnswer(
  { model, limits, readUrl }: ChatContext,
  request: ChatRequest,
  { visit, signal, record }: RequestState,
): Running {
  if (request.model !== model.name) {
    throw new ApiError(404, `there is no such model here; this server has ${model.name}`, {
      param: 'model',
      code: 'model_not_found',
    });
  }
  const running: Running = {
    head: {
      id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
      created: Math.floor(Date.now() / 1000),
      model: model.name,
      system_fingerprint: model.fingerprint,
    },
    tokens: recorded(
      record,
      answer(model, {
        visit,
        scope: request.prompt_cache_key ?? '',
        messages: () => readMessages(request.messages, readUrl, limits.images, signal),
        settings: settingsOf(request, limits, model.files),
        signal,
        onPrompt: (tokens, cached) => {
          running.prompt = { tokens: tokens.text + tokens.images, cached };
          record.promptTokens = running.prompt.tokens;
          record.cachedTokens = cached;
        },
      }),
    ),
    prompt: { tokens: 0, cached: 0 },
  };
  return running;
}

/** The answer as one object. */
export async function wholeAnswer(running: Running): Promise<object> {
  let content = '';
  let count = 0;
  let last: Finish = 'length';
  for await (const { text, finish } of running.tokens) {
    content += text;
    count += 1;
    if (finish) last = finish;
  }
  return completion(running.head, content, last, usageOf(running.prompt, count));
}

/** The answer in pieces; the first comes with the first token, so that errors before it still become a status. */
export async function* answerChunks(running: Running, includeUsage: boolean): AsyncGenerator<object> {
  const { head, tokens } = running;
  let count = 0;
  for await (const { text, finish } of tokens) {
    if (count === 0) yield chunk(head, { role: 'assistant', content: '' });
    count += 1;
    if (text !== '') yield chunk(head, { content: text });
    if (finish) yield chunk(head, {}, finish);
  }
  if (includeUsage) yield usageChunk(head, usageOf(running.prompt, count));
}

async function* recorded(record: RequestRecord, tokens: AsyncGenerator<Generated>): AsyncGenerator<Generated> {
  const start = performance.now();
  for await (const generated of tokens) {
    record.firstTokenMilliseconds ??= Math.round(performance.now() - start);
    record.completionTokens = (record.completionTokens ?? 0) + 1;
    if (generated.finish) record.finish = generated.finish;
    yield generated;
  }
}
