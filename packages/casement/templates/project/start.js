// npm start -- "What is this?" picture.png
import { generate, openModel } from 'casement';

const [question = 'What is this?', picture = 'picture.png'] = process.argv.slice(2);

for (const target of /** @type {const} */ (['onnx', 'webgpu'])) {
  const model = await openModel('dist/model', { target });
  process.stdout.write(`${target}: `);
  try {
    if (model.tokenizer) {
      for await (const { text } of model.ask([message(model)])) process.stdout.write(text);
    } else {
      // Without a tokenizer, a model takes and gives token ids.
      await model.session.read([1, 2, 3]);
      for await (const { token } of generate(model.session, { maxTokens: 16 })) process.stdout.write(`${token} `);
    }
  } finally {
    process.stdout.write('\n');
    await model.dispose();
  }
}

/**
 * The question, with the picture before it if the model sees pictures.
 *
 * @param {import('casement').OpenModel} model
 * @returns {import('casement').Message}
 */
function message({ manifest }) {
  if (!manifest.entries.encodeImage) return { role: 'user', content: question };
  return {
    role: 'user',
    content: [
      { type: 'image', image: picture },
      { type: 'text', text: question },
    ],
  };
}
