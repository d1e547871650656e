import { createSampler } from '@casement/session';
import { encodePrompt, openChatTemplate, openTokenizer, readTokenizerFiles } from '@casement/session/text';

/** The ids that a page makes of a chat, and their text, with the tokenizer files in the folder at `url`. */
export async function encodeChat(
  url: string,
  messages: Parameters<ReturnType<typeof openChatTemplate>['prompt']>[0],
): Promise<{ ids: number[]; text: string }> {
  const files = await readTokenizerFiles(async (name) => {
    const response = await fetch(`${url}/${name}`);
    return response.ok ? response.text() : undefined;
  });
  const tokenizer = openTokenizer(files);
  const imageToken = '<|image_pad|>';
  const text = openChatTemplate(files, tokenizer.named, imageToken).prompt(messages);
  const ids = encodePrompt(tokenizer, text, { imageToken, images: 0 }).flat();
  const stream = tokenizer.stream();
  return { ids, text: ids.map((id) => stream.push(id)).join('') + stream.end() };
}

/** The first tokens that a seed draws from logits that are all alike. */
export function drawTokens(seed: number, count: number): number[] {
  const sampler = createSampler({ temperature: 1, seed });
  const logits = new Float32Array(1000);
  return Array.from({ length: count }, () => {
    const token = sampler.choose(logits);
    sampler.wrote(token);
    return token;
  });
}
