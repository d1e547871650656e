/** A stretch of text in a message. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** A place in a message where an image stands. What the image is, is the caller's matter. */
export interface ImagePart<Image = unknown> {
  readonly type: 'image';
  readonly image?: Image;
}

/** The same place, as OpenAI's API writes it. */
export interface ImageUrlPart {
  readonly type: 'image_url';
  readonly image_url: { readonly url: string };
}

export type ContentPart<Image = unknown> = TextPart | ImagePart<Image> | ImageUrlPart;

/** A message of a chat, in the form of OpenAI's and transformers' chat interfaces. */
export interface ChatMessage<Image = unknown> {
  readonly role: string;
  readonly content: string | readonly ContentPart<Image>[];
}

/** The images of a chat, in the order in which a model sees them. */
export function imagesOf<Image>(messages: readonly ChatMessage<Image>[]): (ImagePart<Image> | ImageUrlPart)[] {
  return messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text'),
  );
}
