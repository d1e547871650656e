import type { Message } from '../../model/chatPrompt.ts';
import { ApiError } from '../apiError.ts';
import type { RequestMessage } from './requestSchema.ts';

/** Gets the file of a picture that a message names; see `readImageUrl`. */
export type ReadUrl = (url: string, signal: AbortSignal) => Promise<Uint8Array>;

/**
 * Messages as the model's chat template takes them, with the files of their pictures. Throws ApiError, naming the part,
 * and ImageError.
 */
export async function readMessages(
  messages: readonly RequestMessage[],
  readUrl: ReadUrl,
  most: number,
  signal: AbortSignal,
): Promise<Message[]> {
  const images = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter(({ type }) => type === 'image_url'),
  );
  if (images.length > most) {
    const message = `the request has ${images.length} pictures, the server takes at most ${most}`;
    throw new ApiError(400, message, { param: 'messages', code: 'too_many_images' });
  }
  const read: Message[] = [];
  for (const [at, { role, content }] of messages.entries()) {
    const parts = typeof content === 'string' ? content : await readParts(content, `messages[${at}]`, readUrl, signal);
    read.push({ role: role === 'developer' ? 'system' : role, content: parts });
  }
  return read;
}

type Parts = Exclude<RequestMessage['content'], string>;

async function readParts(
  parts: Parts,
  message: string,
  readUrl: ReadUrl,
  signal: AbortSignal,
): Promise<Exclude<Message['content'], string>> {
  const read: Exclude<Message['content'], string>[number][] = [];
  for (const [at, part] of parts.entries()) {
    if (part.type === 'text') read.push(part);
    else {
      const image = await readUrl(part.image_url.url, signal).catch((error: unknown) => {
        throw withParam(error, `${message}.content[${at}].image_url.url`);
      });
      read.push({ type: 'image', image });
    }
  }
  return read;
}

function withParam(error: unknown, param: string): unknown {
  if (!(error instanceof ApiError)) return error;
  return new ApiError(error.status, `${param}: ${error.message}`, { ...error.details, param }, { cause: error });
}
