import type { ChatMessage, ChatTemplate } from '@casement/session/text';
import { TextError } from '@casement/session/text';

/** For models that were never taught to chat: one message is the text that they go on writing. */
export function plainTemplate(imageToken: string): ChatTemplate {
  const text = (messages: readonly ChatMessage[]): string => {
    const [only, ...others] = messages;
    if (only === undefined || others.length > 0) {
      throw new TextError(
        'the model has no chat template, so it takes a single text, without system message or history; ' +
          'a template goes into the checkpoint folder as chat_template.jinja before it is built',
      );
    }
    if (typeof only.content === 'string') return only.content;
    return only.content.map((part) => (part.type === 'text' ? part.text : imageToken)).join('');
  };
  return { prompt: text, open: text };
}
