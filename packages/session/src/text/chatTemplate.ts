import { Template } from '@huggingface/jinja';
import { TextError } from './error.ts';
import type { ChatMessage, ContentPart } from './messages.ts';
import type { TokenizerFiles } from './tokenizerFiles.ts';

export interface RenderOptions {
  /** What the template may ask for beside the messages, such as Qwen's `add_vision_id`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A model's chat template: messages in, one text with special tokens out. */
export interface ChatTemplate {
  /** Ends with the tokens that start the assistant's answer. */
  prompt(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** Ends where the content of the last message ends, so that the model goes on writing it. */
  open(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

/** Nobody writes this; it marks the end of the last message's content. */
const END = '\u{f0000}end of content\u{f0000}';

/**
 * Compiles a model's chat template. `imageToken` is the text that stands for an image in what it renders; a template
 * that knows no images gets it in the message's text. Throws TextError when there is no template or it is not Jinja.
 */
export function openChatTemplate(
  { chatTemplate }: Pick<TokenizerFiles, 'chatTemplate'>,
  named: Readonly<Record<string, string>>,
  imageToken: string,
): ChatTemplate {
  if (chatTemplate === undefined) {
    throw new TextError('the model has no chat template: put one into its folder as chat_template.jinja');
  }
  const template = attempt('the chat template is not valid', () => new Template(chatTemplate));
  const knowsImages = chatTemplate.includes('image');
  const render = (messages: readonly ChatMessage[], answer: boolean, { variables }: RenderOptions = {}): string => {
    const content = (message: ChatMessage) =>
      knowsImages ? withPlainImages(message.content) : flatten(message.content, imageToken);
    const plain = messages.map((message) => ({ ...message, content: content(message) }));
    return attempt('the chat template refuses these messages', () =>
      template.render({ ...named, ...variables, messages: plain, add_generation_prompt: answer }),
    );
  };
  return {
    prompt: (messages, options) => render(messages, true, options),
    open(messages, options) {
      const text = render(markEnd(messages), false, options);
      const end = text.indexOf(END);
      if (end < 0) throw new TextError('the chat template leaves out the last message, so it cannot be continued');
      return text.slice(0, end);
    },
  };
}

/** transformers' processors render all kinds of image parts alike; not every template does. */
function withPlainImages(content: ChatMessage['content']): string | ContentPart[] {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part : { type: 'image' }));
}

function flatten(content: ChatMessage['content'], imageToken: string): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : imageToken)).join('');
}

function markEnd(messages: readonly ChatMessage[]): ChatMessage[] {
  const last = messages.at(-1);
  if (last === undefined) throw new TextError('a chat needs at least one message');
  const content: ChatMessage['content'] =
    typeof last.content === 'string' ? last.content + END : [...last.content, { type: 'text', text: END }];
  return [...messages.slice(0, -1), { ...last, content }];
}

function attempt<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new TextError(`${problem}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
